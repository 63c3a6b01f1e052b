namespace TinyWorker.Dashboard.State;

internal static class Shorten
{
    /// <summary>The text, or its beginning and an ellipsis: so many characters at the most, and no half of a pair.</summary>
    public static string To(string text, int most)
    {
        if (text.Length <= most) return text;
        var length = most - 1;
        if (char.IsHighSurrogate(text[length - 1])) length--;
        return string.Concat(text.AsSpan(0, length), "…");
    }
}
