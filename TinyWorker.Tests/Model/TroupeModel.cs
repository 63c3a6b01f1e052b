using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace TinyWorker.Tests.Model;

/// <summary>
/// FsCheck makes sequences of commands and runs them on a real troupe and on the model (<see cref="ModelState"/>). Where the two disagree,
/// it shrinks the sequence to a few commands. Its message contains them as a call that can be pasted in as a test.
/// </summary>
/// <remarks>
/// The message also contains the seed ("with size of 17 and seed of (1234,5678)"). The first line runs it again; the second runs more
/// sequences than CI has time for:
/// <code>
/// TINYWORKER_MODEL_REPLAY=1234,5678,17 dotnet test --filter FullyQualifiedName~ThreadModel
/// TINYWORKER_MODEL_COUNT=20000 dotnet test --filter FullyQualifiedName~Tests.Model
/// </code>
/// A seed gives the same commands again, but not the same interleaving of threads: a rare failure needs a large count as well. Without a
/// count the commands are the same in every run, so that a failure comes from the change under test and not from chance.
/// </remarks>
[NonParallelizable]   // listeners
public abstract class TroupeModel
{
    private const int LongestSequence = 60;
    private static readonly TimeSpan TimeoutWhileShrinking = TimeSpan.FromSeconds(5);

    // Activities flow only while there is a listener.
    private readonly ActivityListener _listener = new() { ShouldListenTo = source => source.Name == "TinyWorker" };

    private TimeSpan _timeout = Within.Deadline;

    private protected virtual bool CanWait => true;

    private protected virtual bool MayBlock => true;

    private protected virtual bool Prefetches => false;

    private protected abstract TinyTroupeOptions Options(Setup setup, TimeProvider clock);

    private protected static T Common<T>(Setup setup, TimeProvider clock)
        where T : TinyTroupeOptions, new() => new()
    {
        Workers = setup.Workers, Capacity = setup.Capacity, MaxTasksPerWorker = setup.MaxTasks, TimeProvider = clock,
        TaskTimeout = setup.TaskTimeout, CancellationGrace = setup.CancellationGrace, ReplaceHungWorkers = true,
        MaxAttempts = setup.Attempts, RetryWhen = setup.RetryWhen,
    };

    /// <summary>Checks that the back-end itself has left nothing behind.</summary>
    private protected virtual void CheckNothingIsLeft()
    {
    }

    [SetUp]
    public void Listen() => ActivitySource.AddActivityListener(_listener);

    [TearDown]
    public void StopListening() => _listener.Dispose();

    [TestCase(500)]
    [TestCase(5000, Category = LongTests.Category)]
    public void Troupe_WhateverIsDoneToIt_DoesAsTheModelSays(int sequencesInCI)
    {
        var (count, replay) = (Setting("TINYWORKER_MODEL_COUNT"), Setting("TINYWORKER_MODEL_REPLAY"));
        var config = Config.QuickThrowOnFailure.WithMaxTest(count is null ? sequencesInCI : int.Parse(count, null))
            .WithStartSize(1).WithEndSize(LongestSequence).WithQuietOnSuccess(true);
        if (replay is not null) config = config.WithReplay(Parse(replay));
        else if (count is null) config = config.WithReplay(new Replay(new Rnd((ulong)sequencesInCI, 1), null));
        var sequences = new SequenceGenerator(CanWait, MayBlock);
        Check.One(config, Prop.ForAll(sequences.Arbitrary, (CommandSequence sequence) => Run(sequence.Setup, [.. sequence.Commands])));
    }

    // A bug of the model: it did not look which future was the first, and went on with every future that might have been.
    [Test]
    public void WhenAny_OfARunningAndAWaitingTask_IsTheOneThatEndsFirst() => Run(
        new(1, 1),
        new Command.Submit(CanWait ? Body.HeedsToken : Body.Returns),
        new Command.Submit(Body.Returns),
        new Command.WhenAny(1, 0));

    // A bug of the troupe: the next task of the key had the low priority of the one that was cancelled.
    [Test]
    public void Cancel_OfTheFirstTaskOfAKey_LeavesTheNextItsOwnPriority() => Run(
        new(1, 9),
        new Command.Pause(),
        new Command.Submit(Body.Returns, Priority: -1, Key: "c"),
        new Command.Submit(Body.Returns, Key: "c"),
        new Command.Submit(Body.Returns, Key: "d"),
        new Command.Cancel(2),
        new Command.Resume());

    // A bug of the troupe: the worker slept, because a key was still at its place, and nobody woke it when the key had gone.
    [Test]
    public void Resize_OfAPausedTroupe_LetsAWorkerLeaveWhoseKeyMoves() => Run(
        new(2, 4),
        [
            new Command.Pause(),
            .. ModelState.Keys.Select(static key => new Command.Submit(Body.Returns, Key: key)),
            new Command.Resize(1),
        ]);

    // A bug of the troupe: the worker passed over the task that was cancelled, and took one with a lower priority than everybody's.
    [Test]
    public void Cancel_OfATaskForEveryWorker_LetsTheLargerPriorityGoFirst() => Run(
        new(1, 9),
        new Command.Pause(),
        new Command.Submit(Body.Returns, Priority: -1, Key: "d"),
        new Command.SubmitToEach(Body.Returns),
        new Command.Submit(Body.Returns),
        new Command.Cancel(1),
        new Command.Resume());

    // It slept in a pause, for the sake of a task that was cancelled then.
    [Test]
    public void Cancel_OfTheLastTaskOfAWorkerThatIsOneTooMany_LetsItLeave() => Run(
        new(2, 9),
        new Command.Pause(),
        new Command.SubmitToEach(Body.Returns),
        new Command.Resize(1),
        new Command.Cancel(0),
        new Command.Resume());

    // A bug of the model: it took workers that were leaving for gone, and let their grace period pass.
    [Test]
    public void Abort_OfIdleWorkers_LeavesThemTheirGracePeriod() => Run(
        new(1, 2, 10),
        new Command.Submit(Body.Returns),
        new Command.Abort(),
        new Command.Advance(11),
        new Command.Advance(8));

    private protected void Run(Setup setup, params Command[] commands)
    {
        using var real = new RealTroupe(setup, _timeout, Options);
        try
        {
            var run = new SequenceRun(real, new ModelState(setup, Prefetches), _timeout);
            foreach (var command in commands) run.Do(command);
            run.Finish();
            CheckNothingIsLeft();
        }
        catch
        {
            _timeout = TimeoutWhileShrinking;
            throw;
        }
    }

    private static string? Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? text : null;

    private static FSharpOption<Replay> Parse(string replay)
    {
        var numbers = replay.Split(',');
        var seed = new Rnd(ulong.Parse(numbers[0], null), ulong.Parse(numbers[1], null));
        return new(new Replay(seed, new FSharpOption<int>(int.Parse(numbers[2], null))));
    }
}
