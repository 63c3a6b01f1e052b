namespace TinyWorker.RabbitMQ.Tests;

/// <summary>How a submitting process is made.</summary>
public sealed record SubmitterSettings(
    string Broker, string Troupe, int Count, int Milliseconds = 0, bool Post = false, int ReplyQueueExpires = 300);

/// <summary>
/// A submitter as a program: submits jobs, or posts them, and waits for all. It writes "reply-queue NAME", "stored COUNT" once the broker
/// has confirmed all, "posted NUMBER" for each that it posted, "ended NUMBER RESULT" for each that has ended, and "done".
/// </summary>
internal static class SubmitterProgram
{
    public const string Name = "submit";

    public static async Task<int> RunAsync(SubmitterSettings settings)
    {
        await using var troupe = new RabbitTroupe<Job, long>(settings.Troupe, new RabbitTroupeOptions
        {
            Broker = BrokerText.Parse(settings.Broker),
            MaxInFlight = 4096,
            Capacity = Math.Max(1024, settings.Count),
            ReplyQueueExpires = TimeSpan.FromSeconds(settings.ReplyQueueExpires),
            LoggerFactory = StandardErrorLogs.Factory,
        });
        await troupe.WhenReadyAsync();
        Write($"reply-queue {troupe.Broker.ReplyQueue}");
        var ends = Enumerable.Range(0, settings.Count).Select(number => settings.Post ? PostAsync(number) : SubmitAsync(number)).ToArray();
        var all = Task.WhenAll(ends);
        if (!settings.Post)
        {
            while (!all.IsCompleted && troupe.Broker.Stored < settings.Count) await Task.Delay(10);
            Write($"stored {troupe.Broker.Stored}");
        }

        await all;
        Write("done");
        return 0;

        async Task SubmitAsync(int number) => Write($"ended {number} {await troupe.Submit(new Job(number, settings.Milliseconds))}");

        async Task PostAsync(int number)
        {
            await troupe.PostAsync(new Job(number, settings.Milliseconds));
            Write($"posted {number}");
        }
    }

    private static void Write(FormattableString text) => Console.WriteLine(FormattableString.Invariant(text));

    private static void Write(string text) => Console.WriteLine(text);
}
