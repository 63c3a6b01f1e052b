using System.Collections.Immutable;

namespace TinyWorker.Tests.Model;

/// <summary>A troupe and what is done to it; its text is the call that plays it again.</summary>
internal sealed record Case(Setup Setup, ImmutableArray<Command> Commands)
{
    public override string ToString() => $"Play({string.Join("," + Environment.NewLine + "    ", [Setup.ToString(), .. Commands.Select(command => command.ToString())])});";
}
