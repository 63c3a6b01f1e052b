using System.Globalization;

namespace TinyWorker.Tests.Model;

/// <summary>
/// One command of a sequence. Its numbers count back from the newest future that the command can apply to, and wrap around. So a command
/// keeps a meaning when shrinking removes earlier ones. A command that can apply to nothing does nothing.
/// </summary>
internal abstract record Command
{
    private static string Text(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        Enum name => $"{name.GetType().Name}.{name}",
        string text => $"\"{text}\"",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    /// <summary>The command as C# text, for a test.</summary>
    public sealed override string ToString()
    {
        var type = GetType();
        var values = type.GetConstructors()[0].GetParameters().Select(parameter => Text(type.GetProperty(parameter.Name!)!.GetValue(this)));
        return $"new Command.{type.Name}({string.Join(", ", values)})";
    }

    /// <summary>Submits a plain input, or a future. Where Submit would block, SubmitAsync takes its place.</summary>
    internal sealed record Submit(
        Body Body, int? Of = null, SubmissionToken Token = SubmissionToken.None, int Priority = 0, string? Key = null,
        int? Deadline = null) : Command;

    internal sealed record SubmitAsync(
        Body Body, int? Of = null, SubmissionToken Token = SubmissionToken.None, int Priority = 0, string? Key = null,
        int? Deadline = null) : Command;

    internal sealed record TrySubmit(Body Body, int Priority = 0, string? Key = null,
        int? Deadline = null) : Command;

    /// <summary>Submits a task for every worker.</summary>
    internal sealed record SubmitToEach(Body Body, SubmissionToken Token = SubmissionToken.None) : Command;

    internal sealed record Pause : Command;

    internal sealed record Resume : Command;

    /// <summary>Changes how many workers there may be.</summary>
    internal sealed record Resize(int Workers) : Command;

    /// <summary>Lets a running body end.</summary>
    internal sealed record Release(int Which, Outcome Outcome) : Command;

    internal sealed record Cancel(int Which) : Command;

    internal sealed record FireToken(int Which) : Command;

    internal sealed record AddSource : Command;

    internal sealed record Complete(int Which, Outcome Outcome) : Command;

    internal sealed record Then(int Of, bool Throws) : Command;

    internal sealed record WhenAll(int First, int Second) : Command;

    internal sealed record WhenAny(int First, int Second) : Command;

    /// <summary>Calls OnCompleted and AsTask.</summary>
    internal sealed record AddCallback(int Which) : Command;

    internal sealed record Advance(int Hours) : Command;

    internal sealed record Abort : Command;

    /// <summary>Calls DisposeAsync.</summary>
    internal sealed record Dispose : Command;

    /// <summary>Calls StopAsync.</summary>
    internal sealed record Stop : Command;

    /// <summary>Fires the token of every StopAsync.</summary>
    internal sealed record FireStopToken : Command;
}

/// <summary>What the worker's code does in a task.</summary>
internal enum Body
{
    /// <summary>Returns at once.</summary>
    Returns,

    /// <summary>Throws at once.</summary>
    Throws,

    /// <summary>Throws an OperationCanceledException at once, although nobody has asked the task to stop.</summary>
    ThrowsCancellation,

    /// <summary>Waits until it is released or its token fires.</summary>
    HeedsToken,

    /// <summary>Waits until it is released, whatever its token says.</summary>
    IgnoresToken,
}

/// <summary>How a released body or a source ends.</summary>
internal enum Outcome
{
    Success,
    Fault,
    Cancellation,
}

/// <summary>The token of a submission.</summary>
internal enum SubmissionToken
{
    None,
    Live,
    Fired,
}
