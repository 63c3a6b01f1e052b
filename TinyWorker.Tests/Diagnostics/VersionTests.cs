using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace TinyWorker.Tests.Diagnostics;

[NonParallelizable]   // listeners
internal sealed class VersionTests
{
    [Test]
    public void MeterAndSource_OfTheLibrary_SayTheVersionOfItsPackage()
    {
        string? meter = null, source = null;
        using var meters = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == "TinyWorker") meter = instrument.Meter.Version;
            },
        };
        meters.Start();
        using var sources = new ActivityListener
        {
            ShouldListenTo = each =>
            {
                if (each.Name == "TinyWorker") source = each.Version;
                return false;
            },
        };
        ActivitySource.AddActivityListener(sources);
        using (var troupe = new TinyTroupe<int, int>(x => x, new() { Workers = 1 })) Within.Time(troupe.Submit(1));

        var assembly = typeof(TinyFuture).Assembly.GetName().Version!.ToString(3);
        Assert.That(source, Does.StartWith(assembly).And.Not.Contain("+"), "and no commit");
        Assert.That(meter, Is.EqualTo(source));
    }
}
