using TinyWorker.Threading;

namespace TinyWorker.Futures;

/// <summary>Runs a step on the shared pool, in a captured execution context if there is one.</summary>
internal static class OnPool
{
    public static void Run<TState>(ExecutionContext? context, Action<TState> step, TState state)
        where TState : class
    {
        if (context is null)
        {
            Schedule.Queue(step, state, preferLocal: false);
            return;
        }

        Schedule.Queue(
            static work => ExecutionContext.Run(work.context, static inner => Call(inner!), (work.step, work.state)),
            (context, step, state),
            preferLocal: false);

        static void Call(object boxed)
        {
            var (step, state) = ((Action<TState>, TState))boxed;
            WorkerScope.Leave();   // a step that a worker's code has registered runs later, outside the worker
            step(state);
        }
    }
}
