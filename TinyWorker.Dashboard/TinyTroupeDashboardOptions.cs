namespace Microsoft.AspNetCore.Builder;

/// <summary>How the dashboard of an application's troupes is.</summary>
/// <remarks>
/// It is read once, where the dashboard is mapped: what is changed later has no effect. Not thread-safe.
/// </remarks>
public sealed class TinyTroupeDashboardOptions
{
    /// <summary>The heading.</summary>
    /// <value>By default null: the name of the application.</value>
    public string? Title { get; set; }

    /// <summary>How often the figures move. The words come every fifth time.</summary>
    /// <value>From 0.25 to 60 seconds; by default 1 second.</value>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long one stream of events lasts. The page then opens another, which is authorized again.</summary>
    /// <value>From 1 second to 1 day; by default 10 minutes.</value>
    public TimeSpan StreamLifetime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How many may watch at a time. Who comes then is answered with 503.</summary>
    /// <value>From 1 to 10,000; by default 32.</value>
    public int MaxViewers { get; set; } = 32;

    /// <summary>How many troupes are shown: the oldest. The page says how many are not.</summary>
    /// <value>From 1 to 10,000; by default 200.</value>
    public int MaxTroupes { get; set; } = 200;

    /// <summary>Whether the messages of exceptions are shown; the types of exceptions always are.</summary>
    /// <value>By default null: in the environment Development only.</value>
    public bool? ShowErrorMessages { get; set; }

    /// <summary>
    /// Whether who is authorized may pause, resume and resize troupes, recycle workers and cancel tasks. Without an authorization nobody
    /// may, not even with AllowAnonymous; the one exception is a developer at the machine itself.
    /// </summary>
    /// <value>By default false.</value>
    public bool AllowControl { get; set; }

    /// <summary>
    /// Which troupes are shown, by name. Asked once for each troupe, by several threads at a time. One for which it throws is not shown.
    /// </summary>
    /// <value>By default null: all.</value>
    public Func<string, bool>? Filter { get; set; }
}
