using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;

namespace TinyWorker.Dashboard;

/// <summary>The options of a dashboard once they are known to be good; see <see cref="TinyTroupeDashboardOptions"/>.</summary>
internal sealed record DashboardSettings(
    string Title, TimeSpan Interval, TimeSpan StreamLifetime, int MaxViewers, int MaxTroupes, bool ShowErrorMessages, bool AllowControl,
    Func<string, bool>? Filter)
{
    private const int MostTitle = 128;   // characters: it is in each part of an event

    /// <exception cref="ArgumentOutOfRangeException">An option cannot be.</exception>
    public static DashboardSettings Of(TinyTroupeDashboardOptions options, IHostEnvironment environment)
    {
        var title = string.IsNullOrWhiteSpace(options.Title) ? environment.ApplicationName : options.Title;
        return new DashboardSettings(
            State.Shorten.To(title ?? "", MostTitle),
            Within(options.Interval, TimeSpan.FromSeconds(0.25), TimeSpan.FromSeconds(60)),
            Within(options.StreamLifetime, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1)),
            Within(options.MaxViewers, 1, 10_000),
            Within(options.MaxTroupes, 1, 10_000),
            options.ShowErrorMessages ?? environment.IsDevelopment(),
            options.AllowControl,
            options.Filter);
    }

    private static T Within<T>(T value, T least, T most, [CallerArgumentExpression(nameof(value))] string name = "")
        where T : IComparable<T>
    {
        if (value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0) return value;
        var option = name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..];
        throw new ArgumentOutOfRangeException(
            option, value, FormattableString.Invariant($"{option} of the dashboard must be from {least} to {most}."));
    }
}
