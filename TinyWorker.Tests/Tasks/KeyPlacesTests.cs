using TinyWorker.Tasks;

namespace TinyWorker.Tests.Tasks;

internal sealed class KeyPlacesTests
{
    private static readonly string[] Keys = [.. Enumerable.Range(0, 20_000).Select(static i => $"user-{i}")];

    [Test]
    public void PlaceOf_ManyKeys_SpreadsThemEvenly([Values(1, 2, 3, 7, 16, 100)] int places)
    {
        var counts = new int[places];
        foreach (var key in Keys) counts[KeyPlaces.PlaceOf(key, places)]++;
        var mean = (double)Keys.Length / places;
        Assert.That(counts.Max(), Is.LessThan(mean + (6 * Math.Sqrt(mean)) + 1));
        Assert.That(counts.Min(), Is.GreaterThan(mean - (6 * Math.Sqrt(mean)) - 1));
    }

    [Test]
    public void PlaceOf_WithOnePlaceMore_MovesKeysToTheNewPlaceOnly([Values(1, 2, 7, 31)] int places)
    {
        var moved = 0;
        foreach (var key in Keys)
        {
            var (before, after) = (KeyPlaces.PlaceOf(key, places), KeyPlaces.PlaceOf(key, places + 1));
            if (before == after) continue;
            Assert.That(after, Is.EqualTo(places));
            moved++;
        }

        Assert.That(moved, Is.EqualTo(Keys.Length / (places + 1.0)).Within(10).Percent);
    }

    // The same on every machine and in every process: the figures are those of this version for ever.
    [TestCase("", 8, ExpectedResult = 1)]
    [TestCase("user-1", 8, ExpectedResult = 4)]
    [TestCase("user-2", 8, ExpectedResult = 1)]
    [TestCase("ключ", 8, ExpectedResult = 0)]
    public int PlaceOf_AKey_IsTheSameEverywhere(string key, int places) => KeyPlaces.PlaceOf(key, places);
}
