using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace TinyWorker.Tests.Api;

/// <summary>An extension method, which a nested class cannot have.</summary>
public static class SampleExtensions
{
    [OverloadResolutionPriority(2)]
    [RequiresUnreferencedCode("A message.")]
    public static bool TryFind<T>(
        this IEnumerable<T?> source, [NotNullWhen(true)] out string? found, bool isWanted = true, params int[] more)
    {
        found = isWanted ? $"{source}{more}" : null;
        return isWanted;
    }
}
