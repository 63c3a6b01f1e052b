using System.Diagnostics;
using TinyWorker.Diagnostics;

namespace TinyWorker.Tests.Diagnostics;

[NonParallelizable]   // the processors: its race lasts a second
internal sealed class ActivityTests
{
    // Found by the model: one task in a hundred thousand had no activity.
    [Test]
    public void Activity_ThatEndsWhileItsTaskStarts_IsTheTasksTraceAllTheSame()
    {
        var clock = Stopwatch.StartNew();
        Activity? next = null;
        var submitter = new Thread(() =>
        {
            for (Activity? last = null; clock.Elapsed < TimeSpan.FromSeconds(1);)
            {
                var activity = Volatile.Read(ref next);
                if (activity != last) activity!.Stop();
                last = activity;
            }
        })
        { IsBackground = true, Name = "submitter" };
        submitter.Start();
        for (var round = 0; clock.Elapsed < TimeSpan.FromSeconds(1); round++)
        {
            using var activity = new Activity("the submitter's").Start();
            Activity.Current = null;
            Volatile.Write(ref next, activity);
            Thread.SpinWait(round % 40);
            TinyWorkerActivity.Enter(activity);
            var trace = Activity.Current?.TraceId;
            Activity.Current = null;
            Assert.That(trace, Is.EqualTo(activity.TraceId), "in round " + round);
        }

        Assert.That(submitter.Join(Within.Deadline), Is.True);
    }
}
