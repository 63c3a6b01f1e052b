using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace TinyWorker.RabbitMQ;

/// <summary>The submitting side of a troupe whose workers are behind a broker, in other processes and on other machines.</summary>
/// <typeparam name="TIn">The type of a task's input.</typeparam>
/// <typeparam name="TOut">The type of a task's result.</typeparam>
public sealed partial class RabbitTroupe<TIn, TOut> : ITinyTroupe<TIn, TOut>, IDisposable
{
    /// <summary>Makes the submitting side, and begins to connect.</summary>
    /// <param name="name">The name of the troupe: that of the troupe that the hosts serve.</param>
    /// <param name="options">How it is made; null for the defaults.</param>
    public RabbitTroupe(string name, RabbitTroupeOptions? options = null) => throw new NotImplementedException();

    /// <inheritdoc/>
    public string Name => throw new NotImplementedException();

    /// <summary>What is known of the broker now.</summary>
    public RabbitTroupeSnapshot Broker => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task WhenReadyAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    [OverloadResolutionPriority(1)]
    public TinyFuture<TOut> Submit(TIn input, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public TinyFuture<TOut> Submit(TinyFuture<TIn> input, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    [OverloadResolutionPriority(1)]
    public ValueTask<TinyFuture<TOut>> SubmitAsync(TIn input, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask<TinyFuture<TOut>> SubmitAsync(TinyFuture<TIn> input, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc cref="TinyTroupe{TIn, TOut}.Submit(TIn, SubmitOptions, CancellationToken)"/>
    [OverloadResolutionPriority(3)]
    public TinyFuture<TOut> Submit(TIn input, SubmitOptions options, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc cref="TinyTroupe{TIn, TOut}.TrySubmit(TIn, out TinyFuture{TOut}?, CancellationToken)"/>
    public bool TrySubmit(TIn input, [NotNullWhen(true)] out TinyFuture<TOut>? future, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Sends a task whose result nobody waits for.</summary>
    /// <param name="input">The input.</param>
    /// <param name="taskId">The id of the task; null for a new one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The id, once the broker has stored the task.</returns>
    public Task<string> PostAsync(TIn input, string? taskId = null, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public TroupeSnapshot Snapshot() => throw new NotImplementedException();

    /// <inheritdoc/>
    public TroupeExplanation Explain(TroupeExplanation? since = null) => throw new NotImplementedException();

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Abort() => throw new NotImplementedException();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => throw new NotImplementedException();

    /// <inheritdoc cref="TinyTroupe{TIn, TOut}.Dispose"/>
    public void Dispose() => throw new NotImplementedException();
}
