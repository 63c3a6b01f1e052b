using TinyWorker.RabbitMQ;

namespace TinyWorker.Examples;

/// <summary>What an operator does with tasks that the broker has given up.</summary>
internal static class RemoteLetters
{
    public static async Task MendAsync(string broker)
    {
        // <sample>
        var letters = new RabbitDeadLetters("squares", broker);
        await foreach (var letter in letters.ReadAsync())   // they stay where they are
        {
            Console.WriteLine($"{letter.TaskId}: {letter.Attempts} attempts, {letter.Reason}, since {letter.DeadSince}");
            if (letter.Attempts < 10) await letters.ReplayAsync(letter.TaskId);   // once its cause is mended
            else await letters.DiscardAsync(letter.TaskId);
        }
        // </sample>
    }
}
