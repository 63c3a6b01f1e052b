using System.Runtime.CompilerServices;

namespace TinyWorker.Tests.Observing;

internal sealed class TroupeFiguresTests
{
    [Test]
    public async Task Of_ATroupeWithoutFigures_IsEmpty()
    {
        await using var troupe = Troupe();
        Assert.That(TroupeFigures.Of(troupe), Is.Empty);
    }

    [Test]
    public async Task Of_SeveralThatAreAttached_IsAllOfThemAsTheyAreNow()
    {
        await using var troupe = Troupe();
        await using var other = Troupe();
        var count = 0;
        TroupeFigures.Attach(troupe, () => [new("connection", "down", NeedsAttention: true), new("count", $"{++count}")]);
        TroupeFigures.Attach(troupe, () => [new("later", "yes")]);
        Assert.That(
            TroupeFigures.Of(troupe),
            Is.EqualTo(new TroupeFigure[] { new("connection", "down", true), new("count", "1"), new("later", "yes") }));
        Assert.That(TroupeFigures.Of(troupe)[1].Value, Is.EqualTo("2"));
        Assert.That(TroupeFigures.Of(other), Is.Empty);
    }

    [Test]
    public async Task Dispose_OfAnAttachment_TakesItsFiguresAwayAndNoOthers()
    {
        await using var troupe = Troupe();
        Func<IReadOnlyList<TroupeFigure>> figures = () => [new("a", "1")];
        var first = TroupeFigures.Attach(troupe, figures);
        using var second = TroupeFigures.Attach(troupe, figures);
        first.Dispose();
        first.Dispose();
        Assert.That(TroupeFigures.Of(troupe), Is.EqualTo(new TroupeFigure[] { new("a", "1") }));
    }

    [Test]
    public async Task Of_AProviderThatThrows_SaysSoAndShowsTheOthers()
    {
        await using var troupe = Troupe();
        TroupeFigures.Attach(troupe, () => throw new InvalidOperationException("the password is secret"));
        TroupeFigures.Attach(troupe, () => [new("good", "1")]);
        TroupeFigures.Attach(troupe, () => null!);
        TroupeFigures.Attach(troupe, () => [null!, new(null!, null!)]);
        Assert.That(
            TroupeFigures.Of(troupe),
            Is.EqualTo(new TroupeFigure[]
            {
                new("Figures", "could not be read: InvalidOperationException", true), new("good", "1"), new("", ""),
            }));
    }

    [Test]
    public async Task Of_TooManyAndTooLong_IsCutAndStillSaysWhatFailed()
    {
        await using var troupe = Troupe();
        TroupeFigures.Attach(troupe, () => [.. Enumerable.Range(0, 100).Select(i => new TroupeFigure($"{i}", "x"))]);
        Assert.That(TroupeFigures.Of(troupe), Has.Count.EqualTo(TroupeFigures.MostFigures));
        TroupeFigures.Attach(troupe, () => throw new InvalidOperationException());
        Assert.That(TroupeFigures.Of(troupe), Has.Count.EqualTo(TroupeFigures.MostFigures));
        Assert.That(TroupeFigures.Of(troupe)[^1].Value, Does.Contain("InvalidOperationException"));

        await using var other = Troupe();
        var text = new string('v', TroupeFigures.MostValue - 2) + "\ud83d\ude00!!";
        TroupeFigures.Attach(other, () => [new(new string('n', 1000), text), new(new string('n', TroupeFigures.MostName), "short")]);
        var figures = TroupeFigures.Of(other);
        Assert.That(figures[0].Name, Is.EqualTo(new string('n', TroupeFigures.MostName - 1) + "…"));
        Assert.That(figures[0].Value, Is.EqualTo(new string('v', TroupeFigures.MostValue - 2) + "…"), "no half of a pair");
        Assert.That(figures[1].Name, Has.Length.EqualTo(TroupeFigures.MostName));
    }

    [Test]
    public async Task Attach_BySeveralThreads_LosesNone()
    {
        await using var troupe = Troupe();
        var kept = new System.Collections.Concurrent.ConcurrentBag<IDisposable>();
        await Within.Time(Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 100; i++)
            {
                var attachment = TroupeFigures.Attach(troupe, () => [new($"{thread}", "")]);
                if (i == 50) kept.Add(attachment);
                else attachment.Dispose();
                _ = TroupeFigures.Of(troupe);
            }
        }))));
        Assert.That(TroupeFigures.Of(troupe).Select(figure => figure.Name), Is.EquivalentTo(Enumerable.Range(0, 8).Select(i => $"{i}")));
        foreach (var attachment in kept) attachment.Dispose();
        Assert.That(TroupeFigures.Of(troupe), Is.Empty);
    }

    // A provider refers to its troupe, and whoever attached it may keep the attachment: neither keeps the troupe.
    [Test]
    public void Attach_ATroupeThatIsDropped_KeepsNothingOfIt()
    {
        var (troupe, attachment) = Drop();
        Within.Until(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return !troupe.IsAlive;
            },
            "the collection of a troupe that nobody holds");
        attachment.Dispose();
    }

    [Test]
    public void Null_IsRefused()
    {
        using var troupe = Troupe();
        Assert.Throws<ArgumentNullException>(() => TroupeFigures.Of(null!));
        Assert.Throws<ArgumentNullException>(() => TroupeFigures.Attach(null!, () => []));
        Assert.Throws<ArgumentNullException>(() => TroupeFigures.Attach(troupe, null!));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (WeakReference Troupe, IDisposable Attachment) Drop()
    {
        ITroupe troupe = new Bare();
        var attachment = TroupeFigures.Attach(troupe, () => [new("name", troupe.Name)]);
        Assert.That(TroupeFigures.Of(troupe), Has.Count.EqualTo(1));
        return (new WeakReference(troupe), attachment);
    }

    private static TinyTroupe<int, int> Troupe() => new(x => x, new InlineTroupeOptions { Name = "figures", Workers = 1 });

    /// <summary>A troupe that is not of the library.</summary>
    private sealed class Bare : ITroupe
    {
        public string Name => "bare";

        public Task WhenReadyAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

        public TroupeSnapshot Snapshot() => throw new NotSupportedException();

        public TroupeExplanation Explain(TroupeExplanation? since = null) => throw new NotSupportedException();

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public void Abort()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
