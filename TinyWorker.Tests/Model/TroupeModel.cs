using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace TinyWorker.Tests.Model;

/// <summary>
/// FsCheck makes sequences of commands, plays them to a real troupe and to the model (<see cref="World"/>), and shrinks those at which the two
/// disagree to a few commands, which its message tells as a call that can be pasted in as a test.
/// </summary>
/// <remarks>
/// The seed is in the message, too ("with size of 17 and seed of (1234,5678)"). To play it again, and to play more than CI has time for:
/// <code>
/// TINYWORKER_MODEL_REPLAY=1234,5678,17 dotnet test --filter FullyQualifiedName~ThreadModel
/// TINYWORKER_MODEL_COUNT=20000 dotnet test --filter FullyQualifiedName~Tests.Model
/// </code>
/// A seed gives the same commands again, not the same threads: what is rare needs a large count with it. Without a count the commands are the
/// same in every run, so that a failure tells of the change and not of the day.
/// </remarks>
public abstract class TroupeModel
{
    private const int Count = 500;
    private const int LongestCase = 60;
    private static readonly TimeSpan PatienceWhileShrinking = TimeSpan.FromSeconds(5);

    // Activities flow while somebody listens.
    private readonly ActivityListener _listener = new() { ShouldListenTo = source => source.Name == "TinyWorker" };

    private TimeSpan _patience = Within.Deadline;

    private protected virtual bool CanWait => true;

    private protected virtual bool MayBlock => true;

    private protected virtual bool HandsAhead => false;

    private protected abstract TinyTroupeOptions Options(Setup setup, TimeProvider clock);

    private protected static T Common<T>(Setup setup, TimeProvider clock)
        where T : TinyTroupeOptions, new() => new()
    {
        Workers = setup.Workers, Capacity = setup.Capacity, MaxTasksPerWorker = setup.MaxTasks, TimeProvider = clock,
        TaskTimeout = setup.TaskTimeout, CancellationGrace = setup.CancellationGrace,
    };

    /// <summary>What the back-end itself has left behind.</summary>
    private protected virtual void CheckLeft()
    {
    }

    [SetUp]
    public void Listen() => ActivitySource.AddActivityListener(_listener);

    [TearDown]
    public void ListenNoMore() => _listener.Dispose();

    [Test]
    public void Troupe_WhateverIsDoneToIt_DoesAsTheModelSays()
    {
        var config = Config.QuickThrowOnFailure.WithMaxTest(CountHere()).WithStartSize(1).WithEndSize(LongestCase).WithQuietOnSuccess(true);
        if (Environment.GetEnvironmentVariable("TINYWORKER_MODEL_REPLAY") is { Length: > 0 } replay) config = config.WithReplay(Parse(replay));
        else if (Environment.GetEnvironmentVariable("TINYWORKER_MODEL_COUNT") is not { Length: > 0 }) config = config.WithReplay(new Replay(new Rnd(5, 1), null));
        var cases = new Cases(CanWait, MayBlock);
        Check.One(config, Prop.ForAll(cases.Arbitrary, (Case it) => Play(it.Setup, [.. it.Commands])));
    }

    // At first the model did not look at which future was the first, and went on with all that might have been.
    [Test]
    public void WhenAny_OfOneThatRunsAndOneThatWaits_IsTheOneThatEndsFirst() => Play(
        new(1, 1),
        new Command.Submit(CanWait ? Body.HeedsToken : Body.Returns),
        new Command.Submit(Body.Returns),
        new Command.WhenAny(1, 0));

    // At first the model took workers that were leaving for gone, and let their grace pass.
    [Test]
    public void Abort_OfWorkersAtRest_LeavesThemTheirGrace() => Play(
        new(1, 2, 10),
        new Command.Submit(Body.Returns),
        new Command.Abort(),
        new Command.Advance(11),
        new Command.Advance(8));

    private protected void Play(Setup setup, params Command[] commands)
    {
        using var subject = new Subject(setup, _patience, Options);
        try
        {
            var play = new Play(subject, new World(setup, HandsAhead), _patience);
            foreach (var command in commands) play.Do(command);
            play.End();
            CheckLeft();
        }
        catch
        {
            _patience = PatienceWhileShrinking;
            throw;
        }
    }

    private static int CountHere() =>
        Environment.GetEnvironmentVariable("TINYWORKER_MODEL_COUNT") is { Length: > 0 } count ? int.Parse(count, null) : Count;

    private static FSharpOption<Replay> Parse(string replay)
    {
        var numbers = replay.Split(',');
        return new(new Replay(new Rnd(ulong.Parse(numbers[0], null), ulong.Parse(numbers[1], null)), new FSharpOption<int>(int.Parse(numbers[2], null))));
    }
}
