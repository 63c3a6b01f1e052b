using System.Diagnostics;
using TinyWorker.Diagnostics;
using TinyWorker.Futures;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Processes.Child;

/// <summary>
/// The activity of a task in its worker process, current until this is disposed. Listeners are the user's code: what they throw is logged,
/// and harms neither the task nor the process.
/// </summary>
internal sealed class TaskActivity : IDisposable
{
    private readonly IFutureOwner _troupe;

    public TaskActivity(string description, IFutureOwner troupe)
    {
        _troupe = troupe;
        Guarded(() => Activity = ActivityHeader.Make(description));
        Activity ??= ActivityHeader.Make(description, mayBeOwn: false);   // nobody listens to this before it starts
        Guarded(() => Activity.Start());
    }

    public Activity? Activity { get; private set; }

    public void Dispose()
    {
        Guarded(() => Activity!.Stop());
        Activity.Current = null;   // as before: a listener that throws keeps the activity from doing so
    }

    private void Guarded(Action step)
    {
        try
        {
            step();
        }
        catch (Exception e)
        {
            Log.ListenerFaulted(_troupe.Logger, _troupe.Name, e);
        }
    }
}
