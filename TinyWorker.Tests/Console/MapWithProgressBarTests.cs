namespace TinyWorker.Tests.Progress;

/// <summary>The bar on real maps: it ends with the map, however the map ends.</summary>
public class MapWithProgressBarTests
{
    private FakeTerminal _terminal = null!;
    private TinyTroupe<int, int> _troupe = null!;

    [SetUp]
    public void MakeTroupe()
    {
        _terminal = new FakeTerminal(120);
        _troupe = new(x => x == 13 ? throw new InvalidOperationException("13") : x * x, new ThreadTroupeOptions { Workers = 2 });
    }

    [TearDown]
    public void EndTroupe() => _troupe.Dispose();

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(10)]
    [Repeat(20)]
    public void Map_ThatIsRead_EndsItsBarAtAHundredPercent(int n)
    {
        Within.Time(() => Assert.That(_troupe.Map(Enumerable.Range(0, n), Options()).Count(), Is.EqualTo(n)));
        AssertLast($"^squares  ━+ 100%  {n}/{n} .*:\\d\\d$");
    }

    [Test]
    public void Map_Unordered_EndsItsBarAtAHundredPercent([Values] bool asynchronous)
    {
        var options = new MapOptions { Ordered = false, Progress = new ProgressBar("squares", _terminal.Console) };
        Within.Time(() => Assert.That(
            asynchronous
                ? _troupe.MapAsync(Enumerable.Range(20, 1000), options).ToBlockingEnumerable().Count()
                : _troupe.Map(Enumerable.Range(20, 1000), options).Count(),
            Is.EqualTo(1000)));
        AssertLast("100%  1000/1000 ");
    }

    [Test]
    public void Map_OfAnUnknownCount_EndsItsBar()
    {
        Within.Time(() => _ = _troupe.Map(Enumerable.Range(0, 10).Where(x => x >= 0), Options()).Count());
        AssertLast("^squares  10  .*/s  00:0\\d$");
    }

    [Test]
    public void Map_ThatFails_EndsItsBarWhereItStopped([Values] bool asynchronous)
    {
        Within.Time(() => Assert.Throws<InvalidOperationException>(() => _ = asynchronous
            ? _troupe.MapAsync(Enumerable.Range(0, 1000), Options()).ToBlockingEnumerable().Count()
            : _troupe.Map(Enumerable.Range(0, 1000), Options()).Count()));
        AssertLast(" \\d?\\d/1000 .*  1 failed  stopped$");
    }

    [Test]
    public void Map_ThatThrowsAtItsEnd_EndsItsBarWithItsFailures()
    {
        var options = new MapOptions { Errors = MapErrors.ThrowAtEnd, Progress = new ProgressBar("squares", _terminal.Console) };
        Within.Time(() => Assert.Throws<AggregateException>(() => _ = _troupe.Map(Enumerable.Repeat(13, 5), options).Count()));
        AssertLast("100%  5/5 .*  5 failed$");
    }

    [Test]
    public void Map_ThatIsLeft_CountsNoFailuresThatTheLeavingCaused([Values] bool ordered, [Values] bool asynchronous)
    {
        using var gate = new ManualResetEventSlim();
        using var troupe = new TinyTroupe<int, int>(
            (x, cancellationToken) =>
            {
                if (x > 0) gate.Wait(cancellationToken);
                return x;
            },
            new ThreadTroupeOptions { Workers = 4 });
        var options = new MapOptions { Ordered = ordered, Progress = new ProgressBar("squares", _terminal.Console) };
        Within.Time(() => _ = asynchronous
            ? troupe.MapAsync(Enumerable.Range(0, 1000), options).ToBlockingEnumerable().First()
            : troupe.Map(Enumerable.Range(0, 1000), options).First());
        AssertLast("   0%     1/1000 .*  stopped$");
        Assert.That(_terminal.Written, Does.Not.Contain("failed"));
    }

    [Test]
    public void Map_WhoseSourceFailsToBeDisposed_EndsItsBarAllTheSame()
    {
        static IEnumerable<int> Source()
        {
            try
            {
                while (true) yield return 1;
            }
            finally
            {
                Fail();
            }
        }

        static void Fail() => throw new NotSupportedException();

        Within.Time(() => Assert.Throws<NotSupportedException>(() => _ = _troupe.Map(Source(), Options()).First()));
        AssertLast("^squares  [1-9]\\d*  .*00:0\\d$");
    }

    [Test]
    public void Maps_WithTheSameOptions_HaveALineEach()
    {
        var options = Options();
        Within.Time(() =>
        {
            _ = _troupe.Map(Enumerable.Range(0, 10), options).Count();
            _ = _troupe.Map(Enumerable.Range(0, 5), options).Zip(_troupe.Map(Enumerable.Range(0, 5), options)).Count();
        });
        var rows = _terminal.Rows();
        Assert.That(rows, Has.Length.EqualTo(4));
        Assert.That(rows[..3], Has.All.Contains("100%"));
    }

    private MapOptions Options() => new() { Progress = new ProgressBar("squares", _terminal.Console) };

    private void AssertLast(string pattern)
    {
        var rows = _terminal.Rows();
        Assert.That(rows[^1], Is.Empty);
        Assert.That(rows[^2], Does.Match(pattern));
    }
}
