using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace TinyWorker.Backends.Processes.Functions;

/// <summary>The types of .NET's own that are known to arrive as they left. Of all others of .NET's, the inside is nobody's business.</summary>
internal static class KnownTypes
{
    private static readonly HashSet<Type> Atoms =
    [
        typeof(string), typeof(decimal), typeof(Half), typeof(Int128), typeof(UInt128), typeof(BigInteger),
        typeof(DateTime), typeof(DateTimeOffset), typeof(TimeSpan), typeof(DateOnly), typeof(TimeOnly),
        typeof(Guid), typeof(Uri), typeof(Version), typeof(CancellationToken),
    ];

    private static readonly HashSet<Type> Collections =
    [
        typeof(List<>), typeof(Queue<>), typeof(LinkedList<>), typeof(Collection<>), typeof(ObservableCollection<>),
        typeof(Dictionary<,>), typeof(HashSet<>), typeof(SortedDictionary<,>), typeof(SortedList<,>), typeof(SortedSet<>),
        typeof(ImmutableArray<>), typeof(ImmutableList<>), typeof(ImmutableQueue<>), typeof(ImmutableDictionary<,>), typeof(ImmutableHashSet<>),
        typeof(ImmutableSortedDictionary<,>), typeof(ImmutableSortedSet<>),
    ];

    // The keys with which Microsoft signs what belongs to .NET, ASP.NET Core and their extensions.
    private static readonly HashSet<string> Keys =
        ["7cec85d7bea7798e", "b03f5f7f11d50a3a", "b77a5c561934e089", "cc7b13ffcd2ddd51", "adb9793829ddae60", "31bf3856ad364e35"];

    /// <summary>Whether a value of the type has no parts, as far as anybody can tell.</summary>
    public static bool IsAtom(Type type) => type.IsEnum || IsPrimitive(type) || Atoms.Contains(type);

    /// <summary>Without the native integers: they are handles, as a rule.</summary>
    public static bool IsPrimitive(Type type) => type.IsPrimitive && type != typeof(nint) && type != typeof(nuint);

    /// <summary>What is made anew from a text; subclasses are .NET's own, and lose nothing but their speed.</summary>
    public static bool IsSaidByAText(object value) => value is Regex || value is CultureInfo { IsReadOnly: true };

    /// <summary>Whether its author has said how it becomes JSON: then it is taken at its word.</summary>
    public static bool HasItsOwnConverter(Type type) => type.GetCustomAttribute<JsonConverterAttribute>(inherit: false) is not null;

    public static bool IsCollection(Type type) =>
        type.IsArray || Closure.IsCollectionExpression(type) || (type.IsGenericType && Collections.Contains(type.GetGenericTypeDefinition()));

    /// <summary>The ones that are written in a form of our own, with their comparer, and with keys of any type.</summary>
    public static bool IsKeyed(Type type) => IsMadeFrom(type, typeof(Dictionary<,>)) || IsMadeFrom(type, typeof(HashSet<>));

    /// <summary>Tuples and key-value pairs: .NET's, and plain as a user's.</summary>
    public static bool IsPlain(Type type) =>
        (typeof(ITuple).IsAssignableFrom(type) && IsOfDotNet(type)) || IsMadeFrom(type, typeof(KeyValuePair<,>));

    public static bool IsMadeFrom(Type type, Type definition) => type.IsGenericType && type.GetGenericTypeDefinition() == definition;

    public static bool IsOfDotNet(Type type) => Keys.Contains(Convert.ToHexStringLower(type.Assembly.GetName().GetPublicKeyToken()!));

    /// <summary>The comparers of a collection that has some.</summary>
    public static IEnumerable<object> ComparersOf(
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] Type type, object collection) =>
        type.GetProperties()
            .Where(property => property.Name is "Comparer" or "KeyComparer" or "ValueComparer")
            .Select(property => property.GetValue(collection)).OfType<object>();
}
