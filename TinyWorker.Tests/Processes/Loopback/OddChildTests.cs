using TinyWorker.Processes.Payloads;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Tests.Processes.Loopback;

/// <summary>Children that end, or do not end, in rare ways.</summary>
internal sealed class OddChildTests
{
    private const int Trigger = 13;

    private static readonly PayloadFormat<long> Long = PayloadFormats.For<long>(new JsonPayloadSerializer(), "scripted");

    [Test]
    public async Task Child_ThatGivesBackTheTaskThatItIsAt_CostsThatTaskOnly()
    {
        var isDone = false;
        var launcher = new ScriptedLauncher((_, line, frame) =>
        {
            if (isDone || frame.Kind != FrameKind.Call || !line.HasMore) return false;
            // Others were prefetched behind this task. It takes long, so they are recalled.
            var recall = line.ReceiveControl();
            Volatile.Write(ref isDone, true);
            line.Send(FrameKind.Recalled, recall.Sequence, Long, frame.Sequence - 1);
            return true;
        });
        var troupe = Troupe(launcher);
        var futures = new List<TinyFuture<int>>();
        Within.Until(
            () =>
            {
                for (var i = 0; i < 100; i++) futures.Add(troupe.Submit(i));
                return Volatile.Read(ref isDone);
            },
            "a worker with several tasks");
        await End(troupe);
        var faulted = futures.Where(future => future.Status == TinyFutureStatus.Faulted).ToArray();
        Assert.That(faulted, Has.Length.EqualTo(1));
        Assert.That(faulted[0].Exception, Is.TypeOf<WorkerCrashedException>().With.InnerException.TypeOf<MalformedDataException>());
        Assert.That(
            futures.Except(faulted).Select(future => future.Result()),
            Is.EqualTo(futures.Select((_, i) => 2 * (i % 100)).Where((_, i) => futures[i] != faulted[0])));
        Assert.That(troupe.Snapshot().Workers[0].Restarts, Is.EqualTo(1));
    }

    [Test]
    public async Task Child_ThatClosesItsConnectionInATaskAndLivesOn_IsKilledAndReplaced()
    {
        var launcher = new ScriptedLauncher((_, line, frame) =>
        {
            if (!IsTrigger(frame)) return false;
            line.Sockets.Data.Dispose();
            line.ReceiveControl();   // the child lives on
            return true;
        });
        var troupe = Troupe(launcher);
        var fault = await Fault(troupe.Submit(Trigger));
        Assert.That(fault, Is.TypeOf<WorkerCrashedException>().With.Property("Signal").EqualTo("SIGKILL"));
        Assert.That(Within.Time(troupe.Submit(4)), Is.EqualTo(8));
        await End(troupe);
    }

    [Test]
    public async Task Child_ThatEndsInATaskAndLeavesItsConnectionOpen_IsReplaced()
    {
        var launcher = new ScriptedLauncher((child, line, frame) =>
        {
            if (!IsTrigger(frame)) return false;
            child.ExitWithConnectionsOpen(5);
            line.Receive();
            return true;
        });
        var troupe = Troupe(launcher);
        var fault = await Fault(troupe.Submit(Trigger));
        Assert.That(fault, Is.TypeOf<WorkerCrashedException>().With.Property("ExitCode").EqualTo(5));
        Assert.That(Within.Time(troupe.Submit(4)), Is.EqualTo(8));
        await End(troupe);
    }

    [Test]
    public async Task Child_ThatEndsWhenItIsToAndLeavesItsConnectionOpen_DoesNotHoldUpTheDisposal()
    {
        var launcher = new ScriptedLauncher((child, line, frame) =>
        {
            if (frame.Kind != FrameKind.Stop) return false;
            child.ExitWithConnectionsOpen(0);
            line.Receive();
            return true;
        });
        var troupe = Troupe(launcher);
        Assert.That(Within.Time(troupe.Submit(4)), Is.EqualTo(8));
        await End(troupe);
        Assert.That((await launcher.Children.Single().Exited).Code, Is.Zero);
    }

    [Test]
    public async Task Child_ThatSpeaksNonsenseWhenItIsToEnd_IsKilled()
    {
        var launcher = new ScriptedLauncher((_, line, frame) =>
        {
            if (frame.Kind != FrameKind.Stop) return false;
            line.Send((FrameKind)0xEE, 1);
            line.ReceiveControl();
            return true;
        });
        var troupe = Troupe(launcher);
        Assert.That(Within.Time(troupe.Submit(4)), Is.EqualTo(8));
        await End(troupe);
        Assert.That((await launcher.Children.Single().Exited).Signal, Is.EqualTo("SIGKILL"));
    }

    [Test]
    public async Task Child_ThatHasClosedItsConnectionAndLivesOn_IsKilledByTheDisposal()
    {
        using var closed = new ManualResetEventSlim();
        var launcher = new ScriptedLauncher((_, line, frame) =>
        {
            if (!IsTrigger(frame)) return false;
            line.Send(FrameKind.Result, frame.Sequence, ScriptedLauncher.Numbers, 1);
            line.Sockets.Data.Dispose();
            closed.Set();
            line.ReceiveControl();
            return true;
        });
        var troupe = Troupe(launcher);
        Assert.That(Within.Time(troupe.Submit(Trigger)), Is.EqualTo(1));
        Within.Wait(closed);
        await End(troupe);
        Assert.That((await launcher.Children.Single().Exited).Signal, Is.EqualTo("SIGKILL"));
    }

    private static bool IsTrigger(Frame frame) => frame.Kind == FrameKind.Call && frame.Read(ScriptedLauncher.Numbers) == Trigger;

    private static TinyTroupe<int, int> Troupe(ScriptedLauncher launcher) =>
        new(x => x, new ProcessTroupeOptions { Workers = 1, Launcher = launcher });

    private static async Task<Exception> Fault(TinyFuture<int> future)
    {
        await Within.Time(future.AsTask().ContinueWith(static _ => { }, TaskScheduler.Default), "the end of a task");
        return future.Exception!;
    }

    private static Task End(TinyTroupe<int, int> troupe) => Within.Time(troupe.DisposeAsync().AsTask(), "the disposal of a troupe");
}
