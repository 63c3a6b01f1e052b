namespace TinyWorker.Hosting.Tests.Docs;

/// <summary>A sample of docs/hosting.md.</summary>
internal static class FunctionsSample
{
    public static void Add(IServiceCollection services)
    {
        services.AddScoped<Orders>();
        // <sample>
        // An asynchronous function, with a scope of the container for each task
        services.AddTinyTroupe<int, string>("orders", async (scope, id, token) =>
        {
            var orders = scope.GetRequiredService<Orders>();
            return await orders.DescribeAsync(id, token);
        });

        // By hand, with the options as they are configured: for worker processes
        services.AddTinyTroupe<string, int>(
            "words", (_, options) => new TinyTroupe<string, int>(static text => text.Split(' ').Length, options),
            settings => settings.Backend = TroupeBackend.Processes);
        // </sample>
    }

    internal sealed class Orders
    {
        public async Task<string> DescribeAsync(int id, CancellationToken cancellationToken)
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            return $"order {id}";
        }
    }
}
