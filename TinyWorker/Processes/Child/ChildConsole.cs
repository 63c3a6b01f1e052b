using System.Text;

namespace TinyWorker.Processes.Child;

/// <summary>
/// What a child writes to its console is read by its parent, which reads UTF-8. .NET writes in the encoding of the locale (LC_ALL, LANG), or
/// on Windows in that of the console.
/// </summary>
internal static class ChildConsole
{
    // In the order in which .NET looks at them. The first that is set counts.
    private static readonly string[] Locales = ["LC_ALL", "LC_MESSAGES", "LANG"];

    public static void UseUtf8()
    {
        if (OperatingSystem.IsWindows() || !IsUtf8(Charset()))
            SetUtf8();
    }

    // A method of its own: most children do not need what it loads.
    private static void SetUtf8() => Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    /// <summary>What follows the dot in a locale like <c>de_DE.ISO-8859-1@euro</c>; null for none: then .NET takes UTF-8.</summary>
    private static string? Charset()
    {
        var locale = "";
        foreach (var name in Locales)
        {
            locale = Environment.GetEnvironmentVariable(name);
            if (!string.IsNullOrWhiteSpace(locale)) break;
        }

        if (string.IsNullOrWhiteSpace(locale)) return null;
        var dot = locale.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? null : locale[(dot + 1)..].Split('@')[0];
    }

    // A child starts faster if it needs nothing of the console.
    private static bool IsUtf8(string? charset) =>
        charset is null || charset.Replace("-", "", StringComparison.Ordinal).Equals("utf8", StringComparison.OrdinalIgnoreCase);
}
