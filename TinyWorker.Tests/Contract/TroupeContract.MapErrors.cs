using System.Globalization;

namespace TinyWorker.Tests.Contract;

// Errors of the items of a map: every way to treat them, at every place.
public abstract partial class TroupeContract
{
    private const int MapItems = 40;

    [Test]
    public async Task Map_WithFailuresAnywhere_TreatsThemAsConfiguredAndLeavesTheTroupeUsable(
        [Values] MapErrors errors, [Values] bool ordered, [Values] bool asynchronous,
        [Values("first", "middle", "last", "several", "all")] string where)
    {
        var troupe = new TinyTroupe<int, int>(
            x => Fails(where, x) ? throw new FormatException(Text(x)) : x, Options(new Settings { Workers = 3 }));
        var source = new WatchedSource(MapItems);
        var seen = new List<int>();
        var options = new MapOptions { Ordered = ordered, Errors = errors, Window = 8 };
        var error = await Enumerate(troupe, source, options, asynchronous, seen.Add);

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
            Assert.That(error, Is.TypeOf<FormatException>(), "the error of the item, not a cancellation by the end of the map");
            Assert.That(bad, Does.Contain(error!.Message));
            Assert.That(seen, Is.SubsetOf(good).And.Unique);
            if (ordered) Assert.That((error.Message, seen.Count), Is.EqualTo((bad[0], int.Parse(bad[0], CultureInfo.InvariantCulture))));
            if (ordered) Assert.That(seen, Is.Ordered);
        }

        AssertIsLeft(troupe, source);
        Assert.That(Within.Time(troupe.Submit(-1)), Is.EqualTo(-1), "the troupe can be used further");
        await End(troupe);
    }

    [Test]
    public async Task MapOutcomes_WithFailuresAnywhere_ThrowsNothingAndYieldsEachItemOnce(
        [Values] bool ordered, [Values] bool asynchronous, [Values] MapErrors errors,
        [Values("first", "middle", "last", "several", "all")] string where)
    {
        var troupe = new TinyTroupe<int, string>(
            x => Fails(where, x) ? throw new FormatException(Text(x)) : "<" + Text(x), Options(new Settings { Workers = 3 }));
        var items = Enumerable.Range(0, MapItems);
        var options = new MapOptions { Ordered = ordered, Errors = errors, Window = 8 };
        TinyOutcome<int, string>[] outcomes = [];
        if (asynchronous) outcomes = await Within.Time(Task.Run(() => Collect(troupe.MapOutcomesAsync(items, options))));
        else Within.Time(() => outcomes = [.. troupe.MapOutcomes(items, options)], "the map");

        Assert.That(outcomes.Select(outcome => outcome.Index), ordered ? Is.EqualTo(items) : Is.EquivalentTo(items));
        foreach (var (index, input, value, exception) in outcomes)
        {
            Assert.That(input, Is.EqualTo(index));
            Assert.That(value, Is.EqualTo(Fails(where, input) ? null : "<" + Text(input)));
            Assert.That(exception?.Message, Is.EqualTo(Fails(where, input) ? Text(input) : null));
        }

        await End(troupe);
    }

    [Test]
    public async Task Map_WhoseTaskThrowsACancellationOfItsOwn_ThrowsTheSameException([Values] bool ordered, [Values] bool asynchronous)
    {
        var thrown = new OperationCanceledException("of the task itself");
        var troupe = new TinyTroupe<int, int>(x => x == 5 ? throw thrown : x, Options(new Settings { Workers = 2 }));
        var error = await Enumerate(troupe, Enumerable.Range(0, 20), new MapOptions { Ordered = ordered }, asynchronous, _ => { });
        Assert.That(error, IsThat(thrown));
        await End(troupe);
    }

    // The libraries that came before this one yield exceptions among the results in their deferred mode. Here only a worker that returns an
    // exception yields one.
    [Test]
    public async Task Map_OfWorkersThatReturnExceptions_YieldsThemAndThrowsOnlyWhatWasThrown([Values] bool asynchronous)
    {
        var troupe = new TinyTroupe<int, Exception>(
            x => x == 3 ? throw new FormatException("thrown") : new InvalidOperationException(Text(x)),
            Options(new Settings { Workers = 2 }));
        var seen = new List<string>();
        var options = new MapOptions { Errors = MapErrors.ThrowAtEnd };
        var error = await Enumerate(troupe, Enumerable.Range(0, 6), options, asynchronous, e => seen.Add(e.Message));
        Assert.That(seen, Is.EqualTo(new[] { "0", "1", "2", "4", "5" }));
        Assert.That(((AggregateException)error!).InnerExceptions.Select(e => e.Message), Is.EqualTo(new[] { "thrown" }));
        await End(troupe);
    }

    /// <summary>Enumerates a map, and returns the exception that it threw.</summary>
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
