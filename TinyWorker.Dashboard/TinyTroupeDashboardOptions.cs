namespace Microsoft.AspNetCore.Builder;

/// <summary>How the dashboard of an application's troupes is.</summary>
public sealed class TinyTroupeDashboardOptions
{
    /// <summary>The heading; null for the name of the application.</summary>
    public string? Title { get; set; }

    /// <summary>How often the figures move.</summary>
    /// <value>From 0.25 to 60 seconds; by default 1 second.</value>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long one stream of events lasts. The page then opens another, which is authorized again.</summary>
    public TimeSpan StreamLifetime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How many may watch at a time.</summary>
    public int MaxViewers { get; set; } = 32;

    /// <summary>How many troupes are shown.</summary>
    public int MaxTroupes { get; set; } = 200;

    /// <summary>Whether the messages of exceptions are shown; null for in Development only.</summary>
    public bool? ShowErrorMessages { get; set; }

    /// <summary>Whether who is authorized may pause, resume and resize troupes, recycle workers and cancel tasks.</summary>
    public bool AllowControl { get; set; }

    /// <summary>Which troupes are shown, by name; null for all.</summary>
    public Func<string, bool>? Filter { get; set; }
}
