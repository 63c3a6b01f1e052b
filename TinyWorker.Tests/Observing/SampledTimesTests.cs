namespace TinyWorker.Tests.Observing;

/// <summary>The order and the percentiles of times.</summary>
internal sealed class SampledTimesTests
{
    [TestCase(0, 1)]
    [TestCase(0.01, 1)]
    [TestCase(0.07, 7)]
    [TestCase(0.071, 8)]
    [TestCase(0.5, 50)]
    [TestCase(0.9, 90)]
    [TestCase(0.99, 99)]
    [TestCase(0.999, 100)]
    [TestCase(1, 100)]
    public void Percentile_OfAHundredTimes_IsTheNearestRank(double fraction, int rank)
    {
        var times = new SampledTimes(Enumerable.Range(1, 100).Reverse().Select(static s => TimeSpan.FromSeconds(s)));
        Assert.That(times.Percentile(fraction), Is.EqualTo(TimeSpan.FromSeconds(rank)));
    }

    [TestCase(0, 1)]
    [TestCase(0.5, 2)]
    [TestCase(0.99, 3)]
    public void Percentile_OfThreeTimes_IsOneOfThem(double fraction, int rank) => Assert.That(
        new SampledTimes([TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)]).Percentile(fraction),
        Is.EqualTo(TimeSpan.FromSeconds(rank)));

    [Test]
    public void Percentile_OfNoTimes_IsNull()
    {
        var none = new SampledTimes([]);
        Assert.That((none.Count, none.Percentile(0.5), none.Longest), Is.EqualTo((0, (TimeSpan?)null, (TimeSpan?)null)));
    }

    [TestCase(-0.01)]
    [TestCase(1.01)]
    [TestCase(99)]
    [TestCase(double.NaN)]
    public void Percentile_OfNoFraction_IsRefused(double fraction) => Assert.That(
        () => new SampledTimes([]).Percentile(fraction),
        Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("0.99 for the 99th percentile"));

    [Test]
    public void Times_OfAnyOrder_AreInOrder()
    {
        TimeSpan[] given = [TimeSpan.FromSeconds(3), TimeSpan.Zero, TimeSpan.FromSeconds(1)];
        var times = new SampledTimes(given);
        Assert.That(times, Is.EqualTo([given[1], given[2], given[0]]));
        Assert.That((times[0], times[2], given[0]), Is.EqualTo((TimeSpan.Zero, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(3))));
        Assert.That(() => new SampledTimes(null!), Throws.ArgumentNullException);
    }
}
