using System.Security.Cryptography;
using System.Text;

namespace TinyWorker.Examples;

internal static class Stateful
{
    // <sample>
    private sealed class Hasher : TinyWorker<string, string>, IDisposable
    {
        // It is not thread-safe and need not be: a worker runs one task at a time, on its own thread.
        private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public override string Call(string text, CancellationToken cancellationToken)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(text));
            return Convert.ToHexString(hash.GetHashAndReset());
        }

        public void Dispose() => hash.Dispose();
    }

    public static async Task RunAsync()
    {
        await using var hashers = new TinyTroupe<string, string>(worker => new Hasher(), new() { Workers = 4 });

        string[] words = ["one", "two", "three"];
        foreach (var hash in await Task.WhenAll(words.Select(word => hashers.CallAsync(word).AsTask())))
            Console.WriteLine(hash);
    }
    // </sample>
}
