using System.Diagnostics.CodeAnalysis;

namespace TinyWorker.Backends.Processes.Functions;

/// <summary>The comparers that every process has: the default ones, and those of strings that do not depend on a culture's settings.</summary>
[RequiresUnreferencedCode(TravellingFunction.Reflects)]
internal static class KnownComparers
{
    private static readonly StringComparer[] OfStrings =
        [StringComparer.Ordinal, StringComparer.OrdinalIgnoreCase, StringComparer.InvariantCulture, StringComparer.InvariantCultureIgnoreCase];

    /// <summary>0 for the default, a positive number for one of strings, null for one that is known to this process alone.</summary>
    public static int? NumberOf(object comparer)
    {
        if (IsDefault(comparer)) return 0;
        var index = Array.FindIndex(OfStrings, known => ReferenceEquals(known, comparer));
        return index < 0 ? null : index + 1;
    }

    public static IEqualityComparer<T>? Get<T>(int number) => number == 0 ? null : (IEqualityComparer<T>)OfStrings[number - 1];

    public static bool IsDefault(object comparer)
    {
        for (var type = comparer.GetType(); type is not null; type = type.BaseType)
        {
            if (!type.IsGenericType) continue;
            var definition = type.GetGenericTypeDefinition();
            if (definition == typeof(EqualityComparer<>) || definition == typeof(Comparer<>))
                return ReferenceEquals(type.GetProperty("Default")!.GetValue(null), comparer);
        }

        return false;
    }
}
