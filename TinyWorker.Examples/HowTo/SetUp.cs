using System.Text;

namespace TinyWorker.Examples;

internal static class SetUp
{
    // <sample>
    private static class Settings
    {
        public static string? Shop { get; private set; }

        // Called by Main, and by each worker.
        public static void Apply(string shop)
        {
            Shop = shop;
            AppContext.SetSwitch("Shop.IsStrict", true);
            Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        }
    }

    private sealed class Decoder : TinyWorker<byte[], string>
    {
        public Decoder(string shop) => Settings.Apply(shop);

        public override string Call(byte[] bytes, CancellationToken cancellationToken) =>
            $"{Settings.Shop}: {Encoding.GetEncoding(1252).GetString(bytes)}";
    }

    public static async Task RunAsync()
    {
        var shop = "a shop";   // perhaps an argument of the command line
        Settings.Apply(shop);

        await using var bare = new TinyTroupe<int, bool>(_ => Settings.Shop is null, new ProcessTroupeOptions { Workers = 1 });
        await using var decoders = new TinyTroupe<byte[], string>(worker => new Decoder(shop), new ProcessTroupeOptions { Workers = 1 });
        Console.WriteLine($"missing in a worker: {await bare.CallAsync(0)}");
        byte[] price = [0x80, 0x20, 0x35];
        Console.WriteLine(await decoders.CallAsync(price));
    }
    // </sample>
}
