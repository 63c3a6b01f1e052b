using System.Diagnostics;

namespace TinyWorker.Futures;

/// <summary>What some items carry besides their input. Guarded by a lock on itself.</summary>
internal class ItemContext(Activity? activity)
{
    private CancellationTokenRegistration _registration;
    private bool _released;   // set once, when the task has ended

    public Activity? Activity { get; protected set; } = activity;

    public void Hold(CancellationTokenRegistration registration)
    {
        lock (this)
        {
            if (!_released)
            {
                _registration = registration;
                return;
            }
        }

        registration.Unregister();
    }

    public void Release()
    {
        CancellationTokenRegistration registration;
        lock (this)
        {
            _released = true;
            registration = _registration;
            _registration = default;
            Activity = null;
        }

        registration.Unregister();   // never waits, so that a callback under way may be the one that ends the task
    }
}
