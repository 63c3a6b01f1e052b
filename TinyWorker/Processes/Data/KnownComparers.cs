using System.Diagnostics.CodeAnalysis;

namespace TinyWorker.Processes.Data;

/// <summary>
/// The comparers that every process has: the default ones, and the string comparers that do not depend on the settings of a culture.
/// </summary>
internal static class KnownComparers
{
    private static readonly StringComparer[] OfStrings =
    [
        StringComparer.Ordinal, StringComparer.OrdinalIgnoreCase,
        StringComparer.InvariantCulture, StringComparer.InvariantCultureIgnoreCase,
    ];

    /// <summary>0 for the default, a positive number for a string comparer, null for a comparer that other processes do not know.</summary>
    public static int? NumberOf(object comparer)
    {
        if (IsDefault(comparer)) return 0;
        var index = Array.FindIndex(OfStrings, known => ReferenceEquals(known, comparer));
        return index < 0 ? null : index + 1;
    }

    public static IEqualityComparer<T>? Get<T>(int number) => number == 0 ? null : (IEqualityComparer<T>)OfStrings[number - 1];

    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "Every collection uses the property Default.")]
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
