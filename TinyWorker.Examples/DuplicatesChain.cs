namespace TinyWorker.Examples;

/// <summary>
/// Two troupes as one: a path goes in, the group of files with its content comes out. A map takes any <see cref="ITinyTroupe{TIn, TOut}"/>,
/// so a map takes this chain.
/// </summary>
internal sealed class DuplicatesChain : ITinyTroupe<string, DuplicatesGroup>
{
    private readonly TinyTroupe<string, DuplicatesHashedFile> hashers =
        new(worker => new DuplicatesHashWorker(), new() { Name = "hash" });

    private readonly TinyTroupe<DuplicatesHashedFile, DuplicatesGroup> groupers =
        new(worker => new DuplicatesGroupWorker(), new() { Name = "group", Workers = 1 });

    public string Name => "hash and group";

    public TinyFuture<DuplicatesGroup> Submit(string input, CancellationToken cancellationToken = default) =>
        groupers.Submit(hashers.Submit(input, cancellationToken), cancellationToken);

    public TinyFuture<DuplicatesGroup> Submit(TinyFuture<string> input, CancellationToken cancellationToken = default) =>
        groupers.Submit(hashers.Submit(input, cancellationToken), cancellationToken);

    public async ValueTask<TinyFuture<DuplicatesGroup>> SubmitAsync(string input, CancellationToken cancellationToken = default) =>
        await groupers.SubmitAsync(await hashers.SubmitAsync(input, cancellationToken), cancellationToken);

    public async ValueTask<TinyFuture<DuplicatesGroup>> SubmitAsync(
        TinyFuture<string> input, CancellationToken cancellationToken = default) =>
        await groupers.SubmitAsync(await hashers.SubmitAsync(input, cancellationToken), cancellationToken);

    public Task WhenReadyAsync(CancellationToken cancellationToken = default) =>
        Task.WhenAll(hashers.WhenReadyAsync(cancellationToken), groupers.WhenReadyAsync(cancellationToken));

    public TroupeSnapshot Snapshot() => hashers.Snapshot();   // the stage that takes the time

    public TroupeExplanation Explain(TroupeExplanation? since = null) => hashers.Explain(since);

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await hashers.StopAsync(cancellationToken);
        await groupers.StopAsync(cancellationToken);
    }

    public void Abort()
    {
        hashers.Abort();
        groupers.Abort();
    }

    public async ValueTask DisposeAsync()
    {
        await hashers.DisposeAsync();
        await groupers.DisposeAsync();
    }
}
