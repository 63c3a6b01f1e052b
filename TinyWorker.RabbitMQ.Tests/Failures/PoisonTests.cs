using System.Diagnostics;
using RabbitMQ.Client;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>A task that kills whatever host runs it.</summary>
public sealed class PoisonTests
{
    private const int Hosts = 2;
    private const int PoisonNumber = 150;

    [Test]
    public async Task Poison_AmongInnocentTasks_IsTheOnlyDeadLetterAndCanBeReplayedOrDiscarded()
    {
        await using var run = new FailureRun(await Brokers.UriAsync());
        using var stopping = new CancellationTokenSource();
        var crashes = new CrashCount();
        await run.SubmitAsync(300, number => new Job(number, 2, number == PoisonNumber ? JobKind.Poison : JobKind.Plain));
        var supervisors = Enumerable.Range(0, Hosts).Select(_ => SuperviseAsync(run, crashes, stopping.Token)).ToArray();
        await run.UntilEndedAsync(300, FailureRun.Recovery * 2);

        // 299 right, one given up.
        foreach (var (job, future) in run.Submitted.Where(task => task.Job.Number != PoisonNumber))
            Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Succeeded), $"{job}: {future.Exception}");
        var poison = run.Submitted[PoisonNumber].Future;
        Assert.That(poison.Exception, Is.InstanceOf<TaskDeadLetteredException>(), run.Failed("").Message);
        var dead = (TaskDeadLetteredException)poison.Exception!;
        Assert.That(crashes.Count, Is.InRange(2, 6));
        // Told at once: not a minute later. The broker notices a killed host at once.
        Assert.That(crashes.SinceTheLast, Is.LessThan(TimeSpan.FromSeconds(15)));
        Assert.That(run.Submitter.Broker.DeadLettered, Is.EqualTo(1));

        // Visible, and still there after that.
        var letters = new RabbitDeadLetters(run.Troupe, run.Broker);
        var letter = (await ReadAsync(letters)).Single();
        Assert.That((letter.TaskId, letter.Reason), Is.EqualTo((dead.TaskId, "delivery_limit")), letter.ToString());
        Assert.That(letter.ReplyTo, Is.EqualTo(run.Submitter.Broker.ReplyQueue));
        Assert.That(await ReadAsync(letters), Has.Count.EqualTo(1));

        // Discarded: a copy of it.
        var copy = await CopyAsync(run, letter);
        Assert.That(await letters.DiscardAsync(copy), Is.True);
        Assert.That(await letters.DiscardAsync(copy), Is.False, "a letter that was discarded before");
        Assert.That((await ReadAsync(letters)).Select(left => left.TaskId), Is.EqualTo(new[] { dead.TaskId }));

        // Replayed, when its cause is mended.
        run.Ledger.CurePoison();
        Assert.That(await letters.ReplayAsync(dead.TaskId), Is.True);
        await run.Ledger.UntilAsync(
            entries => entries.Any(entry => entry is { Event: RunEvent.Ended, Number: PoisonNumber }), "the end of the replayed task");
        Assert.That(await ReadAsync(letters), Is.Empty);
        Assert.That(await letters.ReplayAsync(dead.TaskId), Is.False, "a letter that was replayed before");
        Assert.That(run.Ledger.Read().Last(entry => entry.Number == PoisonNumber).TaskId, Is.EqualTo(dead.TaskId));

        await stopping.CancelAsync();
        await Within.Time(Task.WhenAll(supervisors), "the supervisors");
    }

    // Starts a host again whenever it dies, as a service manager does.
    private static async Task SuperviseAsync(FailureRun run, CrashCount crashes, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            var host = await run.HostAsync(settings => settings with { Workers = 4, Prefetch = 16 });
            try
            {
                await host.WhenExitedAsync(stopping);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            crashes.Add();
        }
    }

    private static async Task<IReadOnlyList<RabbitDeadLetter>> ReadAsync(RabbitDeadLetters letters)
    {
        var all = new List<RabbitDeadLetter>();
        using var timeout = new CancellationTokenSource(Within.Deadline);
        await foreach (var letter in letters.ReadAsync(timeout.Token)) all.Add(letter);
        return all;
    }

    // Puts a copy with another id among the dead letters.
    private static async Task<string> CopyAsync(FailureRun run, RabbitDeadLetter letter)
    {
        var id = Guid.NewGuid().ToString("N");
        return await Probe.AskAsync(run.Broker, async channel =>
        {
            var queue = $"tw.{run.Troupe}.dead";
            var got = await channel.BasicGetAsync(queue, autoAck: false);
            Assert.That(got?.BasicProperties.MessageId, Is.EqualTo(letter.TaskId));
            var properties = new BasicProperties(got!.BasicProperties) { MessageId = id, CorrelationId = id };
            await channel.BasicPublishAsync("", queue, true, properties, got.Body);
            await channel.BasicNackAsync(got.DeliveryTag, false, requeue: true);
            return id;
        });
    }

    private sealed class CrashCount
    {
        private readonly Lock _lock = new();
        private long _last;
        private int _count;

        public int Count
        {
            get { lock (_lock) return _count; }
        }

        public TimeSpan SinceTheLast
        {
            get { lock (_lock) return Stopwatch.GetElapsedTime(_last); }
        }

        public void Add()
        {
            lock (_lock)
            {
                _count++;
                _last = Stopwatch.GetTimestamp();
            }
        }
    }
}
