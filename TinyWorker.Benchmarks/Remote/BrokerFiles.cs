// What the files of TinyWorker.RabbitMQ.Tests that this project shares need of NUnit, and of TinyWorker.Tests.
namespace TinyWorker.RabbitMQ.Tests;

internal sealed class AssertionException(string message, Exception? cause = null) : Exception(message, cause);

internal sealed class IgnoreException(string message) : Exception(message);

internal static class Within
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public static Task Time(Task task, string what) => Time(task, what, Deadline);

    public static async Task<T> Time<T>(Task<T> task, string what)
    {
        await Time(task, what, Deadline);
        return await task;
    }

    public static async Task Time(Task task, string what, TimeSpan deadline)
    {
        try
        {
            await task.WaitAsync(deadline);
        }
        catch (TimeoutException)
        {
            throw new AssertionException($"{what} was not done within {deadline}");
        }
    }
}
