using System.Globalization;

namespace TinyWorker.Tests.Contract;

// Errors of a map's items: every way to treat them, every place where they can be.
public abstract partial class TroupeContract
{
    private const int MapItems = 40;

    [Test]
    public async Task Map_WithFailuresAnywhere_TreatsThemAsToldAndLeavesTheTroupeAsGoodAsNew(
        [Values] MapErrors errors, [Values] bool ordered, [Values] bool asynchronous, [Values("first", "middle", "last", "several", "all")] string where)
    {
        var troupe = new TinyTroupe<int, int>(x => Fails(where, x) ? throw new FormatException(Text(x)) : x, Options(new Settings { Workers = 3 }));
        var source = new WatchedSource(MapItems);
        var seen = new List<int>();
        var error = await Enumerate(troupe, source, new MapOptions { Ordered = ordered, Errors = errors, Window = 8 }, asynchronous, seen.Add);

        var good = Enumerable.Range(0, MapItems).Where(x => !Fails(where, x)).ToArray();
        var bad = Enumerable.Range(0, MapItems).Except(good).Select(Text).ToArray();
        if (errors == MapErrors.ThrowAtEnd)
        {
            Assert.That(error, Is.TypeOf<AggregateException>());
            Assert.That(((AggregateException)error!).InnerExceptions, Is.All.TypeOf<FormatException>());
            Assert.That(((AggregateException)error!).InnerExceptions.Select(e => e.Message), Is.EqualTo(bad));
            Assert.That(seen, ordered ? Is.EqualTo(good) : Is.EquivalentTo(good));
        }
        else
        {
            Assert.That(error, Is.TypeOf<FormatException>(), "the root error, none that the end of the map induced");
            Assert.That(bad, Does.Contain(error!.Message));
            Assert.That(seen, Is.SubsetOf(good).And.Unique);
            if (ordered) Assert.That((error.Message, seen.Count), Is.EqualTo((bad[0], int.Parse(bad[0], CultureInfo.InvariantCulture))));
            if (ordered) Assert.That(seen, Is.Ordered);
        }

        AssertIsLeft(troupe, source);
        Assert.That(Within.Time(troupe.Submit(-1)), Is.EqualTo(-1), "the troupe is as good as new");
        await End(troupe);
    }

    [Test]
    public async Task MapOutcomes_WithFailuresAnywhere_ThrowsNothingAndTellsOfEachItemOnce(
        [Values] bool ordered, [Values] bool asynchronous, [Values] MapErrors errors, [Values("first", "middle", "last", "several", "all")] string where)
    {
        var troupe = new TinyTroupe<int, string>(x => Fails(where, x) ? throw new FormatException(Text(x)) : "<" + Text(x), Options(new Settings { Workers = 3 }));
        var options = new MapOptions { Ordered = ordered, Errors = errors, Window = 8 };
        TinyOutcome<int, string>[] outcomes = [];
        if (asynchronous) outcomes = await Within.Time(Task.Run(() => Collect(troupe.MapOutcomesAsync(Enumerable.Range(0, MapItems), options))));
        else Within.Time(() => outcomes = [.. troupe.MapOutcomes(Enumerable.Range(0, MapItems), options)], "the map");

        Assert.That(outcomes.Select(o => o.Index), ordered ? Is.EqualTo(Enumerable.Range(0, MapItems)) : Is.EquivalentTo(Enumerable.Range(0, MapItems)));
        foreach (var (index, input, value, exception) in outcomes)
        {
            Assert.That(input, Is.EqualTo(index));
            Assert.That(value, Is.EqualTo(Fails(where, input) ? null : "<" + Text(input)));
            Assert.That(exception?.Message, Is.EqualTo(Fails(where, input) ? Text(input) : null));
        }

        await End(troupe);
    }

    [Test]
    public async Task Map_WhoseTaskThrowsACancellationOfItsOwn_ThrowsThatVeryOne([Values] bool ordered, [Values] bool asynchronous)
    {
        var thrown = new OperationCanceledException("of the task's own");
        var troupe = new TinyTroupe<int, int>(x => x == 5 ? throw thrown : x, Options(new Settings { Workers = 2 }));
        var error = await Enumerate(troupe, Enumerable.Range(0, 20), new MapOptions { Ordered = ordered }, asynchronous, _ => { });
        Assert.That(error, IsThat(thrown));
        await End(troupe);
    }

    // In the ancestors the deferred mode yields exceptions among the results; here only a worker that returns one does.
    [Test]
    public async Task Map_OfWorkersThatReturnExceptions_YieldsThemAndThrowsOnlyWhatWasThrown([Values] bool asynchronous)
    {
        var troupe = new TinyTroupe<int, Exception>(x => x == 3 ? throw new FormatException("thrown") : new InvalidOperationException(Text(x)), Options(new Settings { Workers = 2 }));
        var seen = new List<string>();
        var error = await Enumerate(troupe, Enumerable.Range(0, 6), new MapOptions { Errors = MapErrors.ThrowAtEnd }, asynchronous, e => seen.Add(e.Message));
        Assert.That(seen, Is.EqualTo(new[] { "0", "1", "2", "4", "5" }));
        Assert.That(((AggregateException)error!).InnerExceptions.Select(e => e.Message), Is.EqualTo(new[] { "thrown" }));
        await End(troupe);
    }

    /// <summary>Enumerates a map, and tells what it threw.</summary>
    private protected static async Task<Exception?> Enumerate<TIn, TOut>(
        TinyTroupe<TIn, TOut> troupe, IEnumerable<TIn> source, MapOptions options, bool asynchronous, Action<TOut> see)
    {
        Exception? error = null;
        if (asynchronous)
        {
            await Within.Time(Task.Run(async () => error = await CaughtAsync(async () =>
            {
                await foreach (var result in troupe.MapAsync(source, options)) see(result);
            })), "the map");
        }
        else
        {
            Within.Time(
                () => error = Caught(() =>
                {
                    foreach (var result in troupe.Map(source, options)) see(result);
                }),
                "the map");
        }

        return error;
    }

    private protected static void AssertIsLeft<TIn, TOut>(TinyTroupe<TIn, TOut> troupe, WatchedSource source)
    {
        Assert.That(source.Disposals, Is.EqualTo(1));
        Assert.That(troupe.Snapshot(), Has.Property("Waiting").Zero.And.Property("Running").Zero);
    }

    private static string Text(int x) => x.ToString(CultureInfo.InvariantCulture);

    private static bool Fails(string where, int x) => where switch
    {
        "first" => x == 0,
        "middle" => x == MapItems / 2,
        "last" => x == MapItems - 1,
        "several" => x is 7 or 8 or 21 or 39,
        _ => x >= 0,
    };
}
