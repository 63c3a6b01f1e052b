namespace TinyWorker.Diagnostics;

/// <summary>The texts of what futures hold. To get one is to call user code, which may throw; a log needs a text all the same.</summary>
internal static class NestedText
{
    // A future may hold a future, and in a loop even itself. A text of futures goes no deeper than a reader can follow.
    private const int Deepest = 4;

    [ThreadStatic]
    private static int t_depth;

    /// <summary>The message of an exception. Its type may override it with anything.</summary>
    public static string MessageOf(Exception exception) => Of(exception, static exception => exception.Message) ?? "";

    public static string? Of<T>(T of, Func<T, string?> text)
    {
        if (t_depth == Deepest) return "...";
        t_depth++;
        try
        {
            return text(of);
        }
        catch (Exception e)
        {
            return $"(its text threw {e.GetType().Name})";
        }
        finally
        {
            t_depth--;
        }
    }
}
