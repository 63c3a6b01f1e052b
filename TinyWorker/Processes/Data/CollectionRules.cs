using System.Collections;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace TinyWorker.Processes.Data;

/// <summary>
/// What a collection must be to arrive as it left. Each answer is a sentence that says why it would not, or null if it would.
/// </summary>
internal static class CollectionRules
{
    private static readonly HashSet<Type> Sequences =
    [
        typeof(IEnumerable<>), typeof(ICollection<>), typeof(IList<>), typeof(IReadOnlyCollection<>), typeof(IReadOnlyList<>),
        typeof(IEnumerable), typeof(ICollection), typeof(IList),
    ];

    // What System.Text.Json makes for an interface.
    private static readonly Dictionary<Type, Type> MadeFor = new()
    {
        [typeof(IImmutableList<>)] = typeof(ImmutableList<>),
        [typeof(IImmutableQueue<>)] = typeof(ImmutableQueue<>),
        [typeof(IImmutableSet<>)] = typeof(ImmutableHashSet<>),
        [typeof(IImmutableDictionary<,>)] = typeof(ImmutableDictionary<,>),
        [typeof(IDictionary<,>)] = typeof(Dictionary<,>),
        [typeof(IReadOnlyDictionary<,>)] = typeof(Dictionary<,>),
        [typeof(ISet<>)] = typeof(HashSet<>),
    };

    /// <summary>Whether the type is an interface that says no more than that there are items in an order.</summary>
    public static bool IsSequence(Type type) => Sequences.Contains(DefinitionOf(type));

    /// <summary>The definition of the collection that System.Text.Json makes for an interface; null for other types.</summary>
    public static Type? DefinitionMadeFor(Type type) => MadeFor.GetValueOrDefault(DefinitionOf(type));

    /// <summary>The collection, if it is of this type and of no type derived from it.</summary>
    /// <exception cref="RefusedDataException">It is of another type.</exception>
    public static T Exactly<T>(object collection)
        where T : class => collection.GetType() == typeof(T)
        ? (T)collection
        : throw new RefusedDataException(WouldComeBackAs(collection.GetType(), typeof(T)));

    /// <summary>For a value that is declared as a sequence: it comes back as a List.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "The interfaces of collections are used by their code.")]
    public static string? WhyNotAsSequence(object value)
    {
        var type = value.GetType();
        if (value is IQueryable) return "a query or expression is code, not data; make its result a list or an array first.";
        var isMore = value is IDictionary || Array.Exists(type.GetInterfaces(), IsSetOrDictionary);
        // The items are all that an array, a list of .NET or an iterator has. Another class may have more.
        if (!isMore && (type.IsArray || KnownTypes.IsOfDotNet(type) || Closure.IsMadeByCompiler(type))) return null;
        return $"it is a {SourceNames.Name(type)}, and would come back as a List. Declare the type that is sent.";
    }

    /// <summary>For a value whose type must be made from this definition.</summary>
    public static string? WhyNotMadeFrom(object value, Type definition) => KnownTypes.IsMadeFrom(value.GetType(), definition)
        ? WhyNotItsComparers(value, value.GetType(), keepsKnown: false)
        : $"it is a {SourceNames.Name(value.GetType())}, and would come back as a {definition.Name[..definition.Name.IndexOf('`')]}. " +
          "Declare the type that is sent.";

    /// <summary>
    /// For a collection whose comparer no other process has. A converter of the library's own keeps the comparers that are known.
    /// </summary>
    public static string? WhyNotItsComparers(object collection, Type type, bool keepsKnown)
    {
        foreach (var comparer in ComparersOf(type, collection))
        {
            var isKnown = keepsKnown ? KnownComparers.NumberOf(comparer) is not null : KnownComparers.IsDefault(comparer);
            if (!isKnown) return WhyNotComparer(comparer);
        }

        return null;
    }

    public static int NumberOf(object comparer) =>
        KnownComparers.NumberOf(comparer) ?? throw new RefusedDataException(WhyNotComparer(comparer));

    public static string WouldComeBackAs(Type own, Type other) =>
        $"it is a {SourceNames.Name(own)}, and would come back as a {SourceNames.Name(other)}. Declare the type that is sent.";

    /// <summary>The comparers of a collection that has some.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "The collections of .NET use their comparers.")]
    public static IEnumerable<object> ComparersOf(Type type, object collection) =>
        type.GetProperties()
            .Where(property => property.Name is "Comparer" or "KeyComparer" or "ValueComparer")
            .Select(property => property.GetValue(collection)).OfType<object>();

    private static string WhyNotComparer(object comparer) =>
        $"it compares with a {SourceNames.Name(comparer.GetType())}, which would be lost. " +
        "A Dictionary or HashSet may have the default comparer, or an ordinal or invariant one of StringComparer; " +
        "others may have the default one.";

    private static bool IsSetOrDictionary(Type type) =>
        KnownTypes.IsMadeFrom(type, typeof(ISet<>)) || KnownTypes.IsMadeFrom(type, typeof(IReadOnlySet<>))
        || KnownTypes.IsMadeFrom(type, typeof(IDictionary<,>)) || KnownTypes.IsMadeFrom(type, typeof(IReadOnlyDictionary<,>))
        || KnownTypes.IsMadeFrom(type, typeof(ILookup<,>)) || KnownTypes.IsMadeFrom(type, typeof(IGrouping<,>));

    private static Type DefinitionOf(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;
}
