using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace TinyWorker.Processes.Data;

/// <summary>
/// Sees to it that a value arrives whole or not at all, while System.Text.Json writes it. Each type is judged once, when System.Text.Json
/// asks for its metadata:
/// <list type="bullet">
/// <item>A type that loses something whatever its values are is refused. A troupe asks for that when it is made.</item>
/// <item>A type of which each field is written and set again, by members and constructors that only keep the value, is whole. Its objects
/// are not looked at; only that they are of the type itself and not of a derived one, which would come back as its base, is checked as they
/// are written.</item>
/// <item>In between, the objects tell: each is copied, and the copy is compared, by the rule for captured values
/// (<see cref="CopyCheck"/>). That takes some 25 times as long.</item>
/// </list>
/// A type with a converter of its author's is trusted. For many threads at once.
/// </summary>
[UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "A field that was trimmed away loses nothing.")]
[UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "As above.")]
[UnconditionalSuppressMessage("AOT", "IL3050", Justification = "No process troupe runs in a program that was compiled ahead of time.")]
internal sealed class WholeDataRule
{
    private readonly ConcurrentDictionary<Type, string> _refused = [];   // with the reasons

    /// <summary>How many objects around the place where this thread writes are known to be whole, with all of their parts.</summary>
    [ThreadStatic]
    private static int t_known;

    /// <summary>To be put back if the writing of a value fails.</summary>
    public static int Known
    {
        get => t_known;
        set => t_known = value;
    }

    /// <summary>Judges a type. System.Text.Json calls this once for each type.</summary>
    public void Apply(JsonTypeInfo info)
    {
        var type = info.Type;
        if (Nullable.GetUnderlyingType(type) is not null) return;   // the value in it is judged
        NumberFormat.Settle(info);
        var mustBeInspected = false;
        var reason = IsTrusted(info) ? null : info.Kind switch
        {
            JsonTypeInfoKind.None => TypeRules.WhyNotAsOneValue(info),
            JsonTypeInfoKind.Object => ObjectRules.WhyNot(info, out mustBeInspected),
            _ => TypeRules.WhyNotAsCollection(info, out mustBeInspected),
        } ?? TypeRules.WhyNotItsDerived(info);
        if (reason is not null) _refused[type] = reason;
        // System.Text.Json does not tell of such values.
        if (info.Kind == JsonTypeInfoKind.None || IsTrusted(info)) return;

        Action<object>? check = null;
        if (reason is not null) check = _ => throw new RefusedDataException(reason);
        else if (CheckOf(info) is { } itself) check = itself;
        if (mustBeInspected)
        {
            check += value => Inspect(value, info);
            info.OnSerialized += static _ => t_known--;
        }

        if (check is not null) info.OnSerializing = check + info.OnSerializing;
    }

    /// <summary>Why no value of the type can be sent whole, as a sentence with the way to the part in question; null if some can.</summary>
    public string? WhyNot(JsonTypeInfo info) => WhyNot(info, []);

    private string? WhyNot(JsonTypeInfo info, HashSet<Type> seen)
    {
        if (!seen.Add(info.Type)) return null;
        if (_refused.TryGetValue(info.Type, out var reason)) return reason;
        foreach (var (part, type) in PartsOf(info))
            if (WhyNot(info.Options.GetTypeInfo(type), seen) is { } within) return DataInspector.Within(part, within);
        return null;
    }

    private static IEnumerable<(string Name, Type Type)> PartsOf(JsonTypeInfo info)
    {
        if (Nullable.GetUnderlyingType(info.Type) is { } value)
        {
            yield return ($"a {SourceNames.Name(value)} in it", value);
            yield break;
        }

        if (IsTrusted(info) && info.Converter is not IHasItems) yield break;
        foreach (var property in info.Properties)
        {
            if (property.Get is null || property.CustomConverter is not null) continue;
            // What is computed from others is written and not read.
            if (property.Set is null && property.AssociatedParameter is null && property.ObjectCreationHandling is null) continue;
            yield return ($"its {MemberName(property)} ({SourceNames.Name(property.PropertyType)})", property.PropertyType);
        }

        var items = info.Converter is IHasItems converter ? converter.ItemTypes : new[] { info.KeyType, info.ElementType };
        foreach (var item in items.OfType<Type>())
            if (!item.IsGenericParameter) yield return ($"a {SourceNames.Name(item)} in it", item);
        foreach (var derived in info.PolymorphismOptions?.DerivedTypes ?? [])
            if (derived.DerivedType != info.Type) yield return ($"a {SourceNames.Name(derived.DerivedType)}", derived.DerivedType);
    }

    // Converters of System.Text.Json are judged by the type; all others are their author's, or the library's own.
    private static bool IsTrusted(JsonTypeInfo info) => info.Converter.GetType().Assembly != typeof(JsonSerializer).Assembly;

    // What each object must be.
    private static Action<object>? CheckOf(JsonTypeInfo info)
    {
        var type = info.Type;
        if (CollectionRules.IsSequence(type)) return static value => Refuse(CollectionRules.WhyNotAsSequence(value));
        if (type.IsInterface && CollectionRules.DefinitionMadeFor(type) is { } definition)
            return value => Refuse(CollectionRules.WhyNotMadeFrom(value, definition));
        var isExact = type.IsValueType || (type.IsArray ? IsExact(type.GetElementType()!) : type.IsSealed);
        var hasComparer = KnownTypes.CollectionPart(type) is { IsArray: false } collection
            && collection.GetProperties().Any(property => property.Name is "Comparer" or "KeyComparer");
        if (hasComparer)
        {
            return value =>
            {
                RefuseIfDerived(value, type);
                Refuse(CollectionRules.WhyNotItsComparers(value, type, keepsKnown: false));
            };
        }

        return isExact || type.IsAbstract ? null : value => RefuseIfDerived(value, type);
    }

    // The runtime takes an int[] for a uint[], and an enum for its number.
    private static bool IsExact(Type element) =>
        (element.IsValueType && !element.IsPrimitive && !element.IsEnum) || (element.IsSealed && !element.IsArray);

    private static void RefuseIfDerived(object value, Type type)
    {
        if (value.GetType() == type) return;
        throw new RefusedDataException(
            $"it is a {SourceNames.Name(value.GetType())}, and would come back as a {SourceNames.Name(type)}. " +
            $"Mark {SourceNames.Name(type)} with [JsonDerivedType] and a discriminator, or declare the type that is sent.");
    }

    private static void Refuse(string? reason)
    {
        if (reason is not null) throw new RefusedDataException(reason);
    }

    private static void Inspect(object value, JsonTypeInfo info)
    {
        if (t_known++ > 0) return;
        try
        {
            Refuse(CopyCheck.WhyNot(value, info.Type, info.Options, out _));
        }
        catch (RefusedDataException e)
        {
            // Anew, so that System.Text.Json adds the whole way to the value.
            throw new RefusedDataException(JsonPayloadSerializer.Located(e));
        }
    }

    private static string MemberName(JsonPropertyInfo property) => (property.AttributeProvider as MemberInfo)?.Name ?? property.Name;
}

/// <summary>A converter that writes items with the metadata of their types.</summary>
internal interface IHasItems
{
    Type[] ItemTypes { get; }
}
