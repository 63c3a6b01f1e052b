using System.Diagnostics;
using System.Runtime.CompilerServices;
using TinyWorker.RabbitMQ.Messages;
using TinyWorker.Tasks;
using TinyWorker.Workers;

namespace TinyWorker.RabbitMQ.Submitting;

/// <summary>What the remote workers of a troupe have in common.</summary>
/// <param name="Troupe">The name of the troupe.</param>
/// <param name="Contract">The contract of this side.</param>
/// <param name="Inputs">Writes inputs.</param>
/// <param name="Results">Reads results.</param>
/// <param name="TimeProvider">The clock.</param>
internal sealed record RemoteWorkerTerms<TIn, TOut>(
    string Troupe, string Contract, PayloadCodec<TIn> Inputs, PayloadCodec<TOut> Results, TimeProvider TimeProvider);

/// <summary>
/// A slot of the troupe, as the loop of the core sees it: a worker that sends its task, and waits for the reply. The user's code (the
/// serializer) runs here, on the pool, and neither where replies are read nor where messages are written.
/// </summary>
internal sealed class RemoteWorker<TIn, TOut>(Request request, RemoteWorkerTerms<TIn, TOut> terms) : IForwardingWorker<TIn, TOut>
{
    // How far two clocks may be apart before a task faults for it.
    private static readonly TimeSpan ClockPatience = TimeSpan.FromSeconds(1);

    public ValueTask<TOut> CallAsync(TIn input, CancellationToken cancellationToken) => CallAsync(input, default, cancellationToken);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<TOut> CallAsync(TIn input, ForwardedTerms asked, CancellationToken cancellationToken)
    {
        var reply = request.SendAsync(terms.Inputs.Write(input), asked, Activity.Current);
        Reply received;
        // The registration ends before the slot has its next task: a late call cannot be for that one.
        using (cancellationToken.UnsafeRegister(static request => ((Request)request!).Cancel(), request))
            received = await reply.ConfigureAwait(false);
        if (received.Failure is { } failure) throw failure;
        if (received.Outcome == TaskOutcome.Ok) return terms.Results.Read(received.Body);
        throw received.Outcome == TaskOutcome.Expired
            ? await ExpiredAsync(received, cancellationToken).ConfigureAwait(false)
            : ErrorOf(received, cancellationToken);
    }

    private Exception ErrorOf(Reply reply, CancellationToken cancellationToken)
    {
        switch (reply.Outcome)
        {
            case TaskOutcome.Fault:
                return ErrorCodec.Read(reply.Body, terms.Troupe);
            case TaskOutcome.Cancelled:
                return cancellationToken.IsCancellationRequested
                    ? new OperationCanceledException(cancellationToken)
                    : new OperationCanceledException(
                        $"A host of '{terms.Troupe}' cancelled the task, and its submitter had not: {reply.Error}");
            case TaskOutcome.Refused:
                return new ContractMismatchException(terms.Troupe, terms.Contract, reply.Error ?? "unknown");
            default:
                return new InvalidDataException(
                    $"A host of '{terms.Troupe}' answered with the outcome '{reply.Outcome}', which this version of TinyWorker.RabbitMQ " +
                    "does not know. Bring both sides to the same version.");
        }
    }

    // The core ends a task at its deadline. If the clock of the host is ahead, that comes a moment later.
    private async Task<Exception> ExpiredAsync(Reply reply, CancellationToken cancellationToken)
    {
        await Task.Delay(ClockPatience, terms.TimeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (cancellationToken.IsCancellationRequested) return new OperationCanceledException(cancellationToken);
        return new TimeoutException(
            $"A host of '{terms.Troupe}' did not run the task, because by its clock the deadline had passed. By the clock of this " +
            $"machine it has not: set both clocks by the same time server. {reply.Error}".TrimEnd());
    }
}
