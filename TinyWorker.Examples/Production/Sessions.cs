namespace TinyWorker.Examples;

internal static class Sessions
{
    // <sample>
    private sealed class Shop(string folder) : TinyWorker<(string Customer, string Item), string>
    {
        private readonly Dictionary<string, List<string>> carts = [];   // of this worker's customers: it needs no lock

        public override string Call((string Customer, string Item) order, CancellationToken cancellationToken)
        {
            var file = Path.Combine(folder, order.Customer);
            if (!carts.TryGetValue(order.Customer, out var cart))
            {
                carts[order.Customer] = cart = File.Exists(file) ? [.. File.ReadLines(file)] : [];
                Console.WriteLine($"the cart of {order.Customer} is read, with {cart.Count} items");
            }

            cart.Add(order.Item);
            File.AppendAllLines(file, [order.Item]);   // a worker may leave or crash: what must stay is kept elsewhere
            return $"{order.Customer}: {string.Join(", ", cart)}";
        }
    }

    public static async Task RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("shop-").FullName;
        await using var shops = new TinyTroupe<(string Customer, string Item), string>(
            worker => new Shop(folder),
            new() { Workers = 4, MinWorkers = 0, IdleTimeout = TimeSpan.FromMilliseconds(200) });

        List<TinyFuture<string>> answers = [];
        foreach (var item in new[] { "tea", "milk", "jam" }) answers.Add(await OrderAsync("ann", item));
        foreach (var answer in answers) Console.WriteLine(await answer);

        while (shops.Snapshot().Workers.Count > 0) await Task.Delay(10);   // nobody orders, so the worker leaves
        Console.WriteLine(await await OrderAsync("ann", "bread"));   // by a new worker
        Directory.Delete(folder, recursive: true);

        // The tasks of a customer run on one worker, in their order; those of other customers run beside them.
        ValueTask<TinyFuture<string>> OrderAsync(string customer, string item) =>
            shops.SubmitAsync((customer, item), new() { Key = customer });
    }
    // </sample>
}
