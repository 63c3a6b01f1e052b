using System.Globalization;

namespace TinyWorker.Hosting;

/// <summary>One setting that can be said in the configuration, and how its text is read.</summary>
/// <param name="Name">The name of the property, which is the key in the section, too.</param>
/// <param name="Bind">Reads the text, which may be null, into the settings. Returns what is wrong with it, or null.</param>
internal sealed record Setting<TSettings>(string Name, Func<TSettings, string?, string?> Bind)
{
    /// <summary>Whether its text may hold a password: no error repeats it.</summary>
    public bool IsSecret { get; init; }

    /// <summary>Reads the texts of a list, where it may be one; null where it must be one value.</summary>
    public Func<TSettings, IReadOnlyList<string?>, string?>? BindList { get; init; }
}

/// <summary>Makes settings of the readers of their texts.</summary>
// By hand and not by the binder of the framework: that one reads "30" as a time of 30 days, skips what it cannot set, and does not say
// where an unknown key stands.
internal static class Setting
{
    /// <summary>Reads a text. Returns what is wrong with it, or null.</summary>
    public delegate string? Reader<T>(string text, out T value);

    public static Setting<TSettings> Of<TSettings, T>(string name, Reader<T> read, Action<TSettings, T> set) =>
        new(name, (settings, text) =>
        {
            if (string.IsNullOrWhiteSpace(text)) return "must not be empty; leave the key out for the default";
            if (read(text, out var value) is { } wrong) return wrong;
            set(settings, value);
            return null;
        });

    public static Setting<TSettings> OrNull<TSettings, T>(string name, Reader<T> read, Action<TSettings, T?> set)
        where T : struct =>
        new(name, (settings, text) =>
        {
            T? value = null;
            if (!string.IsNullOrWhiteSpace(text))
            {
                if (read(text, out var found) is { } wrong) return wrong;
                value = found;
            }

            set(settings, value);
            return null;
        });

    /// <summary>A text as it is; an empty one is null.</summary>
    public static Setting<TSettings> Text<TSettings>(string name, Action<TSettings, string?> set) =>
        new(name, (settings, text) =>
        {
            set(settings, string.IsNullOrEmpty(text) ? null : text);
            return null;
        });

    public static string? ReadInt(string text, out int value) =>
        int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out value) ? null : "must be a whole number, such as 4";

    public static string? ReadLong(string text, out long value) =>
        long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out value)
            ? null : "must be a number of bytes, such as 1073741824";

    public static string? ReadCount(string text, out long value) =>
        long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out value)
            ? null : "must be a whole number, such as 100000";

    public static string? ReadBool(string text, out bool value) => bool.TryParse(text, out value) ? null : "must be true or false";

    public static string? ReadTime(string text, out TimeSpan value)
    {
        const string Rule = "must be a time, [days.]hours:minutes:seconds, such as 00:00:30 for 30 seconds, or Infinite";
        value = Timeout.InfiniteTimeSpan;
        if (text.Trim().Equals("Infinite", StringComparison.OrdinalIgnoreCase)) return null;
        // A number alone would be a number of days, which nobody means.
        if (!text.Contains(':', StringComparison.Ordinal)) return Rule;
        // Nor is 24:00:00 a time of 24 days, as which the other parser takes hours that no day has.
        return TimeSpan.TryParseExact(text.Trim(), "c", CultureInfo.InvariantCulture, out value) ? null : Rule;
    }

    // By name only: Enum.TryParse takes any number, and several names at once.
    public static string? ReadName<T>(string text, out T value)
        where T : struct, Enum
    {
        foreach (var each in Enum.GetValues<T>())
        {
            if (!text.Trim().Equals(each.ToString(), StringComparison.OrdinalIgnoreCase)) continue;
            value = each;
            return null;
        }

        value = default;
        return $"must be one of {string.Join(", ", Enum.GetNames<T>())}";
    }
}
