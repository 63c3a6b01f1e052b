namespace TinyWorker.RabbitMQ;

/// <summary>The tasks of a troupe that the broker gave up: to look at, to replay, to discard. Thread-safe.</summary>
/// <param name="name">The name of the troupe.</param>
/// <param name="broker">Where the broker is.</param>
public sealed class RabbitDeadLetters(string name, RabbitBroker broker)
{
    /// <summary>Reads the dead letters. They stay where they are.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Each letter, the oldest first.</returns>
    public IAsyncEnumerable<RabbitDeadLetter> ReadAsync(CancellationToken cancellationToken = default) =>
        throw new NotImplementedException(name + broker);

    /// <summary>Sends a task again, as new, and removes the letter.</summary>
    /// <param name="taskId">The id of the task.</param>
    /// <param name="cancellationToken">Ends the attempt. The letter is removed only once the task is stored.</param>
    /// <returns>Whether there was such a letter.</returns>
    public Task<bool> ReplayAsync(string taskId, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Removes a letter for good.</summary>
    /// <param name="taskId">The id of the task.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>Whether there was such a letter.</returns>
    public Task<bool> DiscardAsync(string taskId, CancellationToken cancellationToken = default) => throw new NotImplementedException();
}
