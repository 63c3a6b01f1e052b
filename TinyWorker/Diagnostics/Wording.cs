using System.Globalization;

namespace TinyWorker.Diagnostics;

/// <summary>Sentences of which a part is not known when they are written: a number, or the message of an exception.</summary>
internal static class Wording
{
    /// <summary>The number as text, with separators.</summary>
    public static string Text(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>The number and the noun: <c>1 worker</c>, <c>2 workers</c>.</summary>
    public static string Of(long count, string noun) => $"{Text(count)} {noun}{(count == 1 ? "" : "s")}";

    /// <summary>The text with a mark at its end, so that another sentence can follow.</summary>
    public static string Sentence(string text)
    {
        var trimmed = text.TrimEnd();
        return trimmed.Length == 0 || trimmed[^1] is '.' or '!' or '?' or '…' ? trimmed : trimmed.TrimEnd(':', ';', ',') + ".";
    }
}
