using System.Diagnostics;

namespace TinyWorker.Benchmarks.Remote;

/// <summary>A number of callers that call one after another for a time.</summary>
internal static class RemoteLoad
{
    /// <returns>How many calls ended, in how many seconds, and the median of their round trips in milliseconds.</returns>
    public static async Task<(int Calls, double Seconds, double MedianMilliseconds)> RunAsync(
        IRemoteSubmitter submitter, int inFlight, int bytes, double seconds)
    {
        var started = Stopwatch.GetTimestamp();
        var lists = await Task.WhenAll(Enumerable.Range(0, inFlight).Select(number => Task.Run(() => CallAsync(number))));
        var elapsed = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var times = lists.SelectMany(list => list).Order().ToArray();
        return (times.Length, elapsed, times[times.Length / 2]);

        async Task<List<double>> CallAsync(int number)
        {
            var payload = new byte[bytes];
            new Random(number).NextBytes(payload);
            List<double> times = [];
            do
            {
                var sent = Stopwatch.GetTimestamp();
                var result = await submitter.CallAsync(payload);
                times.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
                if (result.Length != bytes || result[0] != payload[0] || result[^1] != payload[^1])
                    throw new InvalidDataException("The result is not that of this call.");
            }
            while (Stopwatch.GetElapsedTime(started).TotalSeconds < seconds);

            return times;
        }
    }
}
