using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Numerics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using TinyWorker.Processes.Payloads;

namespace TinyWorker.Processes.Data;

/// <summary>The types of .NET that are known to arrive as they left.</summary>
internal static class KnownTypes
{
    // Their JSON is one text that says everything.
    private static readonly HashSet<Type> OfOneText =
        [typeof(BigInteger), typeof(Uri), typeof(Version), typeof(CancellationToken), typeof(IPEndPoint)];

    private static readonly HashSet<Type> Collections =
    [
        typeof(List<>), typeof(Queue<>), typeof(Stack<>), typeof(LinkedList<>), typeof(Collection<>), typeof(ObservableCollection<>),
        typeof(Dictionary<,>), typeof(HashSet<>), typeof(SortedDictionary<,>), typeof(SortedList<,>), typeof(SortedSet<>),
        typeof(ImmutableArray<>), typeof(ImmutableList<>), typeof(ImmutableQueue<>), typeof(ImmutableStack<>),
        typeof(ImmutableDictionary<,>), typeof(ImmutableHashSet<>), typeof(ImmutableSortedDictionary<,>), typeof(ImmutableSortedSet<>),
    ];

    // The keys with which Microsoft signs what belongs to .NET, ASP.NET Core and their extensions.
    private static readonly HashSet<string> Keys =
        ["7cec85d7bea7798e", "b03f5f7f11d50a3a", "b77a5c561934e089", "cc7b13ffcd2ddd51", "adb9793829ddae60", "31bf3856ad364e35"];

    private static readonly ConcurrentDictionary<Assembly, bool> OfDotNet = [];

    /// <summary>Whether a value of the type is one value without parts: a simple value, or one that is made of one text.</summary>
    public static bool HasNoParts(Type type) => SimpleValue.Is(type) || OfOneText.Contains(type);

    /// <summary>
    /// The public type as which the value is made again from a text. A subclass is .NET's own: the copy is as good, but may be slower. Null
    /// for other values.
    /// </summary>
    public static Type? MadeFromText(object value) => value switch
    {
        Regex => typeof(Regex),
        CultureInfo { IsReadOnly: true } => typeof(CultureInfo),
        IPAddress => typeof(IPAddress),
        StringBuilder => typeof(StringBuilder),
        TimeZoneInfo => typeof(TimeZoneInfo),
        JsonNode or JsonElement or JsonDocument => value.GetType(),
        _ => null,
    };

    /// <summary>Whether its author has said how it becomes JSON: then that is trusted.</summary>
    public static bool HasItsOwnConverter(MemberInfo member) =>
        member.GetCustomAttribute<JsonConverterAttribute>(inherit: false) is not null;

    public static bool IsCollection(Type type) =>
        type.IsArray || Closure.IsCollectionExpression(type)
        || (type.IsGenericType && Collections.Contains(type.GetGenericTypeDefinition()));

    /// <summary>
    /// The collection that the type is, or derives from: its items are compared, and not the fields in which it keeps them.
    /// </summary>
    public static Type? CollectionPart(Type type)
    {
        for (var part = type; part is not null; part = part.BaseType)
            if (IsCollection(part)) return part;
        return null;
    }

    /// <summary>Whether the type says that items can be put into it: then System.Text.Json can fill a copy.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "The interfaces of collections are used by their code.")]
    public static bool CanBeFilled(Type type) =>
        typeof(IList).IsAssignableFrom(type) || typeof(IDictionary).IsAssignableFrom(type)
        || Array.Exists(type.GetInterfaces(), part => IsMadeFrom(part, typeof(ICollection<>)));

    /// <summary>Dictionaries and sets whose converter, the library's own, keeps a comparer that every process knows.</summary>
    public static bool IsKeyed(Type type) => IsMadeFrom(type, typeof(Dictionary<,>)) || IsMadeFrom(type, typeof(HashSet<>));

    /// <summary>Tuples and key-value pairs: types of .NET whose fields can be copied as a user's can.</summary>
    public static bool IsTupleOrPair(Type type) =>
        (typeof(ITuple).IsAssignableFrom(type) && IsOfDotNet(type)) || IsMadeFrom(type, typeof(KeyValuePair<,>));

    public static bool IsMadeFrom(Type type, Type definition) => type.IsGenericType && type.GetGenericTypeDefinition() == definition;

    public static bool IsOfDotNet(Type type) => OfDotNet.GetOrAdd(
        type.Assembly, static assembly => Keys.Contains(Convert.ToHexStringLower(assembly.GetName().GetPublicKeyToken() ?? [])));

    /// <summary>
    /// Whether what a class of .NET is lies hidden in it. The others are made to be filled in, such as options and messages; they and all
    /// structs are compared field by field, like a user's types.
    /// </summary>
    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "A trimmed member makes a type opaque: it is refused.")]
    public static bool IsOpaque(Type part, bool isWhole)
    {
        const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        if (part.IsValueType || part.GetFields(Own).Length == 0) return false;
        if (typeof(Exception).IsAssignableFrom(part) || IsDisposable(part)) return true;
        var canBeMade = !isWhole || part.GetConstructor([]) is not null
            || part.GetConstructors().Any(constructor => constructor.IsDefined(typeof(JsonConstructorAttribute)));
        return !canBeMade || !part.GetProperties().Any(property => property.SetMethod is { IsPublic: true });
    }

    public static bool IsDisposable(Type type) =>
        typeof(IDisposable).IsAssignableFrom(type) || typeof(IAsyncDisposable).IsAssignableFrom(type);
}
