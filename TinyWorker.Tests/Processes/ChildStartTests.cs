using System.Diagnostics;
using System.Net.Sockets;
using System.Reflection.Emit;
using Microsoft.Extensions.Time.Testing;
using TinyWorker.Processes.Parent.Launching;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Tests.Processes;

[NonParallelizable]   // the children and files of this process
[Platform("Linux", Reason = "What is seen of processes is seen in /proc.")]
internal sealed class ChildStartTests
{
    [Test]
    public async Task Child_ThatIsSpokenTo_AnswersAndExitsWithWhatItReturned()
    {
        await using var child = await Child.StartAsync(EntryPoints.Echo);
        var answer = new byte[3];
        child.Process.Data.Send([1, 2, 3]);
        await Within.Time(child.Process.Data.ReceiveAsync(answer));
        child.Process.Data.Shutdown(SocketShutdown.Send);
        var exit = await child.Exit();
        Assert.That(answer, Is.EqualTo(new byte[] { 1, 2, 3 }));
        Assert.That((exit.ProcessId, exit.Code, exit.Signal), Is.EqualTo((child.Process.ProcessId, 7, (string?)null)));
        Assert.That(child.Process.ResidentBytes, Is.Zero);
    }

    [Test]
    public async Task Child_RightAfterItsStart_HasTheProgramsFolderAndItsOwnProcess()
    {
        await using var child = await Child.StartAsync(EntryPoints.TellPlace, with: start => start with { WorkingDirectory = "/" });
        // Testhost has its own without the slash.
        var (folder, program) = ("/", AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        Assert.That((await child.Told()).Split("\n"), Is.EqualTo(new[] { folder, program, $"{child.Process.ProcessId}" }));
    }

    [Test]
    public async Task Child_WhileItRuns_TellsItsMemory()
    {
        await using var child = await Child.StartAsync(EntryPoints.Idle);
        Assert.That(child.Process.ResidentBytes, Is.InRange(5L << 20, 500L << 20));
    }

    [Test]
    public async Task Children_StartedFromManyThreadsAtOnce_HoldNoSocketOfEachOther()
    {
        var children = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Child.StartAsync(EntryPoints.TellSockets))));
        var seen = new List<string>(ProcessTable.Sockets("self"));
        foreach (var child in children)
        {
            child.Process.Control.Send([1]);
            var own = (await child.Told()).Split('\n');
            Assert.That(own, Has.Length.GreaterThanOrEqualTo(3));
            Assert.That(own.Intersect(seen), Is.Empty);
            seen.AddRange(own);
            await child.DisposeAsync();
        }
    }

    [Test]
    public async Task Child_ThatEndsBeforeItHasConnected_FailsTheStartAtOnceWithItsLastWords()
    {
        var failure = (await Assert.ThrowsAsync<ChildStartException>(() => Child.StartAsync(EntryPoints.Idle, with: WithHook("exit"))))!;
        Assert.That(
            failure.Message,
            Does.Contain("clown").And.Contain("ended before it had connected (exit code 3)").And.EndsWith("no such model"));
        Assert.That(
            (failure.Exit!.Code, failure.Exit.Signal, failure.Exit.LastErrors.Single()), Is.EqualTo((3, (string?)null, "no such model")));
    }

    // Unix leaves the last byte of such an error, which looks like a death by signal 9.
    [Test]
    public async Task Child_WhoseRuntimeDoesNotStart_FailsTheStartWithTheErrorOfTheHost()
    {
        var failure = (await Assert.ThrowsAsync<ChildStartException>(() => Child.StartAsync(EntryPoints.Idle, with: start => start with
        {
            Environment = new Dictionary<string, string?> { ["DOTNET_GCHeapHardLimit"] = "1" },
        })))!;
        Assert.That(failure.Message, Does.Contain("0x80008089 of the .NET host").And.Contain("CoreClrInitFailure").And.Contain("GC heap"));
        Assert.That(failure.Message, Does.Not.Contain("SIGKILL").And.Not.Contain("RunIfWorker"));
    }

    [Test]
    public async Task Child_WhoseStartHangs_IsKilledAfterTheTimeout()
    {
        var clock = new FakeTimeProvider();
        var starting = Child.StartAsync(
            EntryPoints.Idle, with: start => WithHook("hang")(start) with { Clock = clock, Timeout = TimeSpan.FromMinutes(1) });
        Within.Until(() => ProcessTable.Children().Length > 0, "a process");
        Assert.That(starting.IsCompleted, Is.False);
        clock.Advance(TimeSpan.FromMinutes(2));
        var failure = (await Assert.ThrowsAsync<ChildStartException>(() => starting))!;
        Assert.That(failure.Message, Does.Contain("had not connected after 00:01:00 (exit code 137, SIGKILL)"));
        Assert.That(ProcessTable.IsAlive(failure.Exit!.ProcessId), Is.False);
    }

    [Test]
    public async Task Child_WhoseStartIsCancelled_IsKilled()
    {
        using var cancel = new CancellationTokenSource();
        var start = WithHook("hang")(new ChildStart("clown", EntryPoints.Idle));
        var starting = ChildProcess.StartAsync(start, cancel.Token);
        Within.Until(() => ProcessTable.Children().Length > 0, "a process");
        await cancel.CancelAsync();
        Assert.That(
            (await Assert.CatchAsync<OperationCanceledException>(() => Within.Time(starting)))!.CancellationToken,
            Is.EqualTo(cancel.Token));
        Assert.That(ProcessTable.Children(), Is.Empty);
        await Assert.CatchAsync<OperationCanceledException>(() => ChildProcess.StartAsync(start, cancel.Token));
    }

    // A child that cannot connect writes an error to stderr, into the output of the program.
    [Test]
    public async Task Child_WhoseStartIsCancelled_HasWhereToConnectUntilItIsGone()
    {
        using var cancel = new CancellationTokenSource();
        var starting = ChildProcess.StartAsync(WithHook("hang")(new ChildStart("clown", EntryPoints.Idle)), cancel.Token);
        Within.Until(() => ProcessTable.Children().Length > 0, "a process");
        var child = ProcessTable.Children().Single();
        string? descent = null;   // between fork and exec the process has the environment of its parent
        Within.Until(() => (descent = ProcessTable.Environment(child, ChildEnvironment.Variable)) is not null, "the child's environment");
        var socket = descent!.Split('\n')[1];
        Assert.That(File.Exists(socket), Is.True);
        await cancel.CancelAsync();
        var wasAlive = true;
        Within.Until(
            () =>
            {
                var isThere = File.Exists(socket);
                wasAlive = ProcessTable.IsAlive(child);
                return !isThere;
            },
            "the end of the socket");
        Assert.That(wasAlive, Is.False);
        await Assert.CatchAsync<OperationCanceledException>(() => Within.Time(starting));
    }

    [Test]
    public async Task Child_InAFolderThatIsNotThere_IsNoChild()
    {
        var failure = (await Assert.ThrowsAsync<ChildStartException>(
            () => Child.StartAsync(EntryPoints.Idle, with: start => start with { WorkingDirectory = "/no/such" })))!;
        Assert.That(failure.Message, Does.Contain("/no/such"));
        Assert.That(failure.Exit, Is.Null);
    }

    [Test]
    public async Task Child_WhereNoFileCanBeOpenedAnyMore_FailsItsStartAndNotTheProgram([Range(0, 4)] int spare)
    {
        var program = new ProcessStartInfo(
            "sh",
            [
                "-c", "ulimit -n 256; exec \"$0\" \"$@\"", OwnProcess.DotNet,
                typeof(Program).Assembly.Location, StartsWithoutFiles.Name, $"{spare}",
            ]);
        var (exitCode, output, errors) = await OwnProcess.RunAsync(program, Within.Deadline);
        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(output, Does.StartWith("The start failed: "));
    }

    [Test]
    public void Child_ThatIsToServeWhatCannotBeNamed_IsRefused()
    {
        var captured = 1;
        var dynamic = new DynamicMethod("Dynamic", typeof(int), [typeof(ChildSockets)]);
        dynamic.GetILGenerator().Emit(OpCodes.Ldc_I4_0);
        dynamic.GetILGenerator().Emit(OpCodes.Ret);
        ChildEntryPoint[] nameless = [_ => captured, Returns<int>, dynamic.CreateDelegate<ChildEntryPoint>()];
        foreach (var serve in nameless)
        {
            Assert.That(
                async () => await ChildProcess.StartAsync(new ChildStart("clown", serve), CancellationToken.None),
                Throws.ArgumentException.With.Message.Contains(serve.Method.Name));
        }

        static int Returns<T>(ChildSockets sockets) => 0;
    }

    [Test]
    [NonParallelizable]
    public async Task Child_WhileThePoolIsStarved_StartsIsSpokenToAndIsKilled()
    {
        ChildProcess? child = null;
        using (var pool = new StarvedPool())
        {
            Within.Time(() =>
            {
                var answer = new byte[3];
                child = ChildProcess.StartAsync(new ChildStart("clown", EntryPoints.Echo), CancellationToken.None).Result;
                child.Data.Send([1, 2, 3]);
                Assert.That(child.Data.Receive(answer), Is.EqualTo(3));
                child.Kill();
                while (child.Data.Receive(answer) > 0);
            });
            Assert.That(pool.IsStarved, Is.True);
        }

        Assert.That((await Within.Time(child!.Exited)).Signal, Is.EqualTo("SIGKILL"));
        await child.DisposeAsync();
    }

    private static Func<ChildStart, ChildStart> WithHook(string task) => start => start with
    {
        Environment = new Dictionary<string, string?>
        {
            [ChildEnvironment.HooksVariable] = typeof(TestHook).Assembly.GetName().Name,
            [TestHook.Variable] = task,
        },
    };
}
