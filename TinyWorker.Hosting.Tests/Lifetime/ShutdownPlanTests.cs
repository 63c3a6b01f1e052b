namespace TinyWorker.Hosting.Tests.Lifetime;

internal sealed class ShutdownPlanTests
{
    [TestCase(30, 5, 1, 25)]     // the reserve as it is
    [TestCase(30, 5, 8, 21)]     // the longest grace and a second
    [TestCase(30, 5, 14.5, 15)]  // half at the most
    [TestCase(3, 5, 1, 1.5)]
    [TestCase(30, 0, 0, 29)]
    [TestCase(30, 0, -1, 15)]    // an infinite grace
    [TestCase(0, 5, 1, 0)]
    [TestCase(-1, 5, 1, -1)]     // a host that waits for ever
    public void Patience_IsWhatTheReserveLeaves(double timeout, double reserve, double grace, double patience)
    {
        var plan = ShutdownPlan.Make(Time(timeout), Time(reserve), [TimeSpan.Zero, Time(grace), TimeSpan.Zero]);
        Assert.That(plan.Patience, Is.EqualTo(Time(patience)));
        if (timeout >= 0) Assert.That(plan.Patience + plan.Reserve, Is.EqualTo(Time(timeout)));
    }

    private static TimeSpan Time(double seconds) => seconds < 0 ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(seconds);
}
