using System.Globalization;

namespace TinyWorker.Tests.Model;

/// <summary>
/// What a sequence is made of. The numbers count back from the newest of those that a command may be for, and round again: so a command
/// always means something, whatever was left out before it. One that finds nothing to be for does nothing.
/// </summary>
internal abstract record Command
{
    private static string Text(object? value) => value switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        Enum name => $"{name.GetType().Name}.{name}",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    /// <summary>As it stands in a test.</summary>
    public sealed override string ToString()
    {
        var type = GetType();
        var values = type.GetConstructors()[0].GetParameters().Select(parameter => Text(type.GetProperty(parameter.Name!)!.GetValue(this)));
        return $"new Command.{type.Name}({string.Join(", ", values)})";
    }

    /// <summary>Of a plain input, or of a future. Where it would block, SubmitAsync takes its place.</summary>
    internal sealed record Submit(Body Body, int? Of = null, Token Token = Token.None) : Command;

    internal sealed record SubmitAsync(Body Body, int? Of = null, Token Token = Token.None) : Command;

    internal sealed record TrySubmit(Body Body) : Command;

    /// <summary>Opens the gate of a body that runs.</summary>
    internal sealed record Release(int Which, Outcome Outcome) : Command;

    internal sealed record Cancel(int Which) : Command;

    internal sealed record FireToken(int Which) : Command;

    internal sealed record AddSource : Command;

    internal sealed record Complete(int Which, Outcome Outcome) : Command;

    internal sealed record Then(int Of, bool Throws) : Command;

    internal sealed record WhenAll(int First, int Second) : Command;

    internal sealed record WhenAny(int First, int Second) : Command;

    /// <summary>OnCompleted and AsTask.</summary>
    internal sealed record AddCallback(int Which) : Command;

    internal sealed record Advance(int Hours) : Command;

    internal sealed record Abort : Command;

    /// <summary>DisposeAsync.</summary>
    internal sealed record Dispose : Command;

    /// <summary>StopAsync.</summary>
    internal sealed record Stop : Command;

    /// <summary>Fires the token of every StopAsync.</summary>
    internal sealed record EndPatience : Command;
}
