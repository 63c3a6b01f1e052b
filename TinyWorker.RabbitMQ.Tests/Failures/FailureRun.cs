using System.Diagnostics;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>
/// One test of a failure: a troupe of jobs with hosts in processes of their own and a submitter in this one, and the ledger of what was
/// submitted, what ran where, and how each future ended.
/// </summary>
internal sealed class FailureRun : IAsyncDisposable
{
    /// <summary>The time in which all must be well again after a failure that is noticed at once, on a loaded machine. (Idle: 1 to 5
    /// s.)</summary>
    public static readonly TimeSpan Recovery = TimeSpan.FromSeconds(45);

    private readonly List<TestProgram> _programs = [];
    private readonly List<(Job Job, TinyFuture<long> Future)> _submitted = [];
    private readonly List<RabbitTroupe<Job, long>> _submitters = [];

    /// <param name="broker">The broker, as <see cref="BrokerText"/> takes it.</param>
    /// <param name="change">Other options for the submitter.</param>
    /// <param name="hostBroker">Where hosts find the broker, if it is another way.</param>
    public FailureRun(string broker, Func<RabbitTroupeOptions, RabbitTroupeOptions>? change = null, string? hostBroker = null)
    {
        Broker = broker;
        HostBroker = hostBroker ?? broker;
        Options = new RabbitTroupeOptions { Broker = BrokerText.Parse(broker), LoggerFactory = Logs };
        if (change is not null) Options = change(Options);
        Submitter = NewSubmitter(Options);
    }

    public string Troupe { get; } = Brokers.NewTroupe();

    public string Broker { get; }

    public string HostBroker { get; }

    /// <summary>Those of <see cref="Submitter"/>.</summary>
    public RabbitTroupeOptions Options { get; }

    public Ledger Ledger { get; } = new();

    public MemoryLogs Logs { get; } = new();

    public RabbitTroupe<Job, long> Submitter { get; }

    public IReadOnlyList<(Job Job, TinyFuture<long> Future)> Submitted => _submitted;

    /// <summary>How many futures have ended.</summary>
    public int Ended => _submitted.Count(task => task.Future.IsCompleted);

    /// <summary>Another submitter of the same troupe.</summary>
    public RabbitTroupe<Job, long> NewSubmitter(RabbitTroupeOptions options)
    {
        var submitter = new RabbitTroupe<Job, long>(Troupe, options);
        _submitters.Add(submitter);
        return submitter;
    }

    /// <summary>Starts a host of the troupe, and waits until it takes tasks.</summary>
    public async Task<TestProgram> HostAsync(Func<HostSettings, HostSettings>? change = null)
    {
        var settings = new HostSettings(HostBroker, Troupe);
        var host = await TestProgram.HostAsync(change is null ? settings : change(settings), Ledger);
        lock (_programs) _programs.Add(host);
        return host;
    }

    /// <summary>Starts a submitter of the troupe in a process of its own.</summary>
    public async Task<TestProgram> SubmitterProcessAsync(int count, int milliseconds, bool post = false, int replyQueueExpires = 300)
    {
        var settings = new SubmitterSettings(Broker, Troupe, count, milliseconds, post, replyQueueExpires);
        var program = await TestProgram.SubmitterAsync(settings, Ledger);
        _programs.Add(program);
        return program;
    }

    /// <summary>Submits jobs, numbered on from the last.</summary>
    public async Task SubmitAsync(int count, Func<int, Job> job)
    {
        for (var i = 0; i < count; i++)
        {
            var next = job(_submitted.Count);
            var future = await Within.Time(Submitter.SubmitAsync(next).AsTask(), $"the acceptance of {next}");
            _submitted.Add((next, future));
        }
    }

    public Task SubmitAsync(int count, int milliseconds) => SubmitAsync(count, number => new Job(number, milliseconds));

    /// <summary>Waits until so many futures have ended.</summary>
    public Task UntilEndedAsync(int count, TimeSpan? deadline = null) =>
        UntilAsync(() => Ended >= count, $"the end of {count} of {_submitted.Count} tasks", deadline);

    /// <summary>Waits for a state that has no event.</summary>
    public async Task UntilAsync(Func<bool> condition, string what, TimeSpan? deadline = null)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            if (clock.Elapsed > (deadline ?? Within.Deadline)) throw Failed($"{what} was not seen within {deadline ?? Within.Deadline}");
            await Task.Delay(10);
        }
    }

    /// <summary>Waits until every future has ended, and holds that each has its right result: N of N.</summary>
    public async Task AllEndRightAsync(TimeSpan deadline)
    {
        try
        {
            await Task.WhenAll(_submitted.Select(task => task.Future.AsTask())).WaitAsync(deadline);
        }
        catch (TimeoutException)
        {
            throw Failed($"{_submitted.Count - Ended} of {_submitted.Count} tasks have not ended within {deadline}");
        }
        catch (Exception e)
        {
            var wrong = _submitted.Where(task => task.Future.Status is TinyFutureStatus.Faulted or TinyFutureStatus.Canceled).ToArray();
            throw Failed($"{wrong.Length} tasks have not succeeded; the first: {wrong.FirstOrDefault().Job}: {e}");
        }

        Assert.That(_submitted.Select(task => task.Future.Result()), Is.EqualTo(_submitted.Select(task => task.Job.Expected)));
        var ran = Ledger.Read().Where(entry => entry.Event == RunEvent.Ended).Select(entry => entry.Number).ToHashSet();
        Assert.That(_submitted.Select(task => task.Job.Number).Where(number => !ran.Contains(number)), Is.Empty, "ended, and never run");
    }

    /// <summary>Holds that no job was started twice.</summary>
    public void NothingRanTwice() => Assert.That(Ledger.RunAgain(), Is.Empty, "jobs that were run more than once");

    public AssertionException Failed(string what) => new(
        $"{what}.\nSubmitter: {Submitter.Broker}\n{Submitter.Snapshot()}\nOpen: " +
        $"{string.Join(", ", _submitted.Where(task => !task.Future.IsCompleted).Select(task => task.Job.Number).Take(20))}\n" +
        $"Ledger: {Ledger.Count(RunEvent.Started)} started, {Ledger.Count(RunEvent.Ended)} ended, " +
        $"again: {string.Join(", ", Ledger.RunAgain().Take(30))}\n" +
        $"-- the submitter's log\n{Logs}\n" +
        string.Join('\n', _programs.Select(program => $"-- the errors of program {program.Id}\n{program.Errors}")));

    public async ValueTask DisposeAsync()
    {
        foreach (var submitter in _submitters)
        {
            submitter.Abort();
            await Within.Time(submitter.DisposeAsync().AsTask(), "the disposal of the submitter");
        }

        foreach (var program in _programs) await program.DisposeAsync();
        Ledger.Dispose();
        await Brokers.ForgetAsync(Troupe);
    }
}
