using Microsoft.AspNetCore.Builder;

namespace TinyWorker.Dashboard.Tests;

internal sealed class OptionsTests
{
    private static readonly object[] Impossible =
    [
        new object[] { "Interval", (Action<TinyTroupeDashboardOptions>)(options => options.Interval = TimeSpan.FromSeconds(0.2)) },
        new object[] { "Interval", (Action<TinyTroupeDashboardOptions>)(options => options.Interval = TimeSpan.FromSeconds(61)) },
        new object[] { "Interval", (Action<TinyTroupeDashboardOptions>)(options => options.Interval = Timeout.InfiniteTimeSpan) },
        new object[] { "StreamLifetime", (Action<TinyTroupeDashboardOptions>)(options => options.StreamLifetime = TimeSpan.Zero) },
        new object[] { "StreamLifetime", (Action<TinyTroupeDashboardOptions>)(options => options.StreamLifetime = TimeSpan.FromDays(2)) },
        new object[] { "MaxViewers", (Action<TinyTroupeDashboardOptions>)(options => options.MaxViewers = 0) },
        new object[] { "MaxTroupes", (Action<TinyTroupeDashboardOptions>)(options => options.MaxTroupes = -1) },
        new object[] { "MaxTroupes", (Action<TinyTroupeDashboardOptions>)(options => options.MaxTroupes = 10_001) },
    ];

    [TestCaseSource(nameof(Impossible))]
    public async Task Options_ThatCannotBe_AreRefusedWhereMapped(string option, Action<TinyTroupeDashboardOptions> configure)
    {
        await using var application = WebApplication.CreateSlimBuilder().Build();
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => application.MapTinyTroupes(configure: configure))!;
        Assert.Multiple(() =>
        {
            Assert.That(error.ParamName, Is.EqualTo(option));
            Assert.That(error.Message, Does.StartWith($"{option} of the dashboard must be from "));
            Assert.That(error.ActualValue, Is.Not.Null);
        });
    }

    [Test]
    public async Task Options_AtTheirBounds_AreTaken()
    {
        await using var application = WebApplication.CreateSlimBuilder().Build();
        application.MapTinyTroupes("/a", options =>
            (options.Interval, options.StreamLifetime, options.MaxViewers, options.MaxTroupes) =
                (TimeSpan.FromSeconds(0.25), TimeSpan.FromSeconds(1), 1, 1));
        application.MapTinyTroupes("/b", options =>
            (options.Interval, options.StreamLifetime, options.MaxViewers, options.MaxTroupes) =
                (TimeSpan.FromMinutes(1), TimeSpan.FromDays(1), 10_000, 10_000));
    }

    [Test]
    public async Task Map_OfNothing_IsRefused()
    {
        await using var application = WebApplication.CreateSlimBuilder().Build();
        Assert.Multiple(() =>
        {
            Assert.That(() => application.MapTinyTroupes(null!), Throws.ArgumentNullException);
            Assert.That(() => TinyTroupeEndpointRouteBuilderExtensions.MapTinyTroupes(null!), Throws.ArgumentNullException);
        });
    }
}
