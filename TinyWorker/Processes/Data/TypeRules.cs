using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;

namespace TinyWorker.Processes.Data;

/// <summary>What the type alone tells of collections, and of values that System.Text.Json writes in one piece.</summary>
[RequiresUnreferencedCode(DataReflection.Reason)]
internal static class TypeRules
{
    public static string? WhyNotAsOneValue(JsonTypeInfo info)
    {
        if (!info.Converter.GetType().Name.StartsWith("UnsupportedTypeConverter", StringComparison.Ordinal)) return null;
        var type = info.Type;
        if (typeof(Delegate).IsAssignableFrom(type)) return "a function does not travel as data. Only the function of the troupe travels.";
        if (type == typeof(nint) || type == typeof(nuint) || type.IsPointer) return "a pointer or handle means nothing in another process.";
        if (type == typeof(Type)) return "a Type does not travel as data. Send its name.";
        return "System.Text.Json has no form for it. Give it a [JsonConverter], or send another type.";
    }

    public static string? WhyNotAsCollection(JsonTypeInfo info, out bool mustBeInspected)
    {
        var type = info.Type;
        mustBeInspected = false;
        if (type.Namespace is { } space && (IsIn(space, "System.Text.Json") || IsIn(space, "Microsoft.FSharp"))) return null;
        if (type.IsArray || CollectionRules.IsSequence(type) || CollectionRules.DefinitionMadeFor(type) is not null) return null;
        if (KnownTypes.IsMadeFrom(type, typeof(Memory<>)) || KnownTypes.IsMadeFrom(type, typeof(ReadOnlyMemory<>))) return null;
        if (type.IsInterface || type.IsAbstract)
            return "nothing says which collection to make when it is read. Declare an array, a List, a Dictionary or a HashSet.";
        if (KnownTypes.IsMadeFrom(type, typeof(Stack<>)) || type.Name.StartsWith("ImmutableStack", StringComparison.Ordinal))
            return "System.Text.Json would reverse it. Send an array or a List.";
        if (KnownTypes.IsCollection(type)) return null;
        mustBeInspected = true;
        return DataInspector.WhyNotByType(type);
    }

    /// <summary>For a base of which System.Text.Json writes an object of a derived type without saying of which.</summary>
    public static string? WhyNotItsDerived(JsonTypeInfo info)
    {
        var unnamed = info.PolymorphismOptions?.DerivedTypes
            .FirstOrDefault(derived => derived.TypeDiscriminator is null && derived.DerivedType != info.Type).DerivedType;
        return unnamed is null
            ? null
            : $"its [JsonDerivedType] for {SourceNames.Name(unnamed)} has no discriminator, and so a {SourceNames.Name(unnamed)} would " +
              $"come back as a {SourceNames.Name(info.Type)}. Give it one: [JsonDerivedType(typeof({unnamed.Name}), \"{unnamed.Name}\")].";
    }

    private static bool IsIn(string space, string parent) =>
        space == parent || space.StartsWith(parent + ".", StringComparison.Ordinal);
}
