using System.Runtime.ExceptionServices;

namespace TinyWorker.Hosting;

/// <summary>
/// Drains the troupes when a container is disposed whose host was started and not stopped. The container disposes what it made last first:
/// this is made when the troupes are ready, so they are drained while the services are alive that their workers were made with.
/// </summary>
internal sealed class DrainAtDisposal(MadeTroupes made) : IAsyncDisposable, IDisposable
{
    public async ValueTask DisposeAsync()
    {
        List<Exception> faults = [];
        foreach (var each in made.All.Reverse())
        {
            try
            {
                await each.Troupe.DisposeAsync();
            }
            catch (Exception e)
            {
                faults.Add(e);
            }
        }

        Throw(faults);
    }

    public void Dispose()
    {
        List<Exception> faults = [];
        foreach (var each in made.All.Reverse())
        {
            try
            {
                ((IDisposable)each.Troupe).Dispose();   // a TinyTroupe can be disposed without the shared pool
            }
            catch (Exception e)
            {
                faults.Add(e);
            }
        }

        Throw(faults);
    }

    private static void Throw(List<Exception> faults)
    {
        if (faults.Count == 1) ExceptionDispatchInfo.Throw(faults[0]);
        if (faults.Count > 1) throw new AggregateException(faults);
    }
}
