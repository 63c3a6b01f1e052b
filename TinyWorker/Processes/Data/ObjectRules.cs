using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace TinyWorker.Processes.Data;

/// <summary>
/// What the type alone tells of an object with properties: for each of its fields, whether System.Text.Json writes it and sets it again.
/// </summary>
[RequiresUnreferencedCode(DataReflection.Reason)]
internal static class ObjectRules
{
    // ldarg.0, (ldarg.1,) ldfld or stfld
    private static readonly byte[] Loads = [0x02, 0x7B];
    private static readonly byte[] Stores = [0x02, 0x03, 0x7D];

    private const BindingFlags All = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>Why no object of the type comes back whole, as a sentence; null if some do, and whether only the object tells.</summary>
    public static string? WhyNot(JsonTypeInfo info, out bool mustBeInspected)
    {
        var type = info.Type;
        mustBeInspected = false;
        if (type.IsInterface || type.IsAbstract)
        {
            if (info.PolymorphismOptions is not null) return null;
            if (typeof(Stream).IsAssignableFrom(type)) return "a stream lives in this process. Send its bytes, or the path of a file.";
            var kind = type.IsInterface ? "an interface" : "an abstract class";
            return $"it is {kind}, and nothing says which type to make when it is read. " +
                "Mark it with [JsonDerivedType] and a discriminator, or declare the type that is sent.";
        }

        mustBeInspected = LeavesOut(info.Options);
        if (KnownTypes.IsMadeFrom(type, typeof(KeyValuePair<,>)) || (!type.IsValueType && KnownTypes.IsTupleOrPair(type))) return null;
        if (DataInspector.WhyNotOpaque(type) is { } opaque) return opaque;
        var byParameters = info.CreateObject is null;
        if (byParameters && !type.IsValueType && !info.Properties.Any(property => property.AssociatedParameter is not null))
        {
            return DataInspector.WhyNotByType(type)
                ?? "System.Text.Json does not know how to make it. Give it a constructor without parameters, or only one whose " +
                "parameters are named like the properties, or mark one with [JsonConstructor].";
        }

        if (UnboundParameter(info) is { } unbound)
        {
            return $"the parameter '{unbound}' of its constructor has no property of its name, so that System.Text.Json cannot make it. " +
                "Name them alike, or mark another constructor with [JsonConstructor].";
        }

        var fields = DataFields.Of(type).ToArray();
        var carried = 0;
        var constructor = byParameters ? info.ConstructorAttributeProvider as ConstructorInfo : null;
        var stores = constructor is null ? null : ConstructorStores.Of(constructor);
        mustBeInspected |= info.Properties.Any(property => IsFilled(property, info) || MayChangeOthers(property));
        foreach (var field in fields)
        {
            var property = PropertyFor(field, info);
            if (property is null || property.Get is null || property.IsExtensionData || property.ShouldSerialize is not null)
            {
                if (property?.IsExtensionData is true) carried++;
                mustBeInspected = true;
            }
            else if (property.Set is not null || property.AssociatedParameter is not null)
            {
                carried++;
                mustBeInspected |= !IsCarriedAsItIs(field, property, stores);
            }
            else if (IsFilled(property, info))
            {
                carried++;
            }
            else
            {
                if (!byParameters && WhyNotSet(field, type) is { } reason) return reason;
                mustBeInspected = true;
            }
        }

        var isSet = carried > 0 || info.Properties.Any(property => property.Set is not null || property.AssociatedParameter is not null);
        if (fields.Length > 0 && !isSet)
        {
            return DataInspector.WhyNotByType(type)
                ?? "all that it holds would be lost: System.Text.Json has nothing to set when it is read. " +
                "Give it properties with setters or a constructor marked [JsonConstructor], " +
                (fields.Any(field => field.IsPublic) ? "set JsonSerializerOptions.IncludeFields (tuples), " : "") + "or send another type.";
        }

        return mustBeInspected || KnownTypes.IsOfDotNet(type) ? DataInspector.WhyNotByType(type) : null;
    }

    // By default, System.Text.Json leaves out no value.
    private static bool LeavesOut(JsonSerializerOptions options) =>
        options.DefaultIgnoreCondition != JsonIgnoreCondition.Never || options.IgnoreReadOnlyProperties || options.IgnoreReadOnlyFields
        || options.ReferenceHandler == ReferenceHandler.IgnoreCycles;

    // Items are added to those that a new object has.
    private static bool IsFilled(JsonPropertyInfo property, JsonTypeInfo info) =>
        property.Get is not null && !KnownTypes.HasNoParts(property.PropertyType)
        && (property.ObjectCreationHandling ?? info.PreferredPropertyObjectCreationHandling
            ?? info.Options.PreferredObjectCreationHandling) == JsonObjectCreationHandling.Populate;

    // A setter that does more than to keep its value may undo what others have set.
    private static bool MayChangeOthers(JsonPropertyInfo property) =>
        property is { Get: not null, Set: not null, AssociatedParameter: null or { IsMemberInitializer: true } }
        && property.AttributeProvider switch
        {
            FieldInfo => false,
            PropertyInfo accessors => !accessors.DeclaringType!.GetFields(All).Any(field => IsKeptIn(accessors, field)),
            _ => true,
        };

    private static bool IsCarriedAsItIs(FieldInfo field, JsonPropertyInfo property, ConstructorStores? stores) =>
        (property.AttributeProvider is not PropertyInfo accessors || IsKeptIn(accessors, field))
        && (property.AssociatedParameter is not { IsMemberInitializer: false } parameter
            || stores?.Keeps(field, parameter.Position) is true);

    private static string? UnboundParameter(JsonTypeInfo info) =>
        (info.ConstructorAttributeProvider as ConstructorInfo)?.GetParameters()
            .FirstOrDefault(parameter => info.Properties.All(property => property.AssociatedParameter?.Name != parameter.Name))?.Name;

    // A field that is written and not set. A property without any setter may still hold the same in each object.
    private static string? WhyNotSet(FieldInfo field, Type type)
    {
        var property = DataFields.MemberOf(field) as PropertyInfo;
        var isState = property?.SetMethod is not null
            || type.GetConstructors(All).Any(constructor => constructor.GetParameters().Length > 0 && !IsCopyConstructor(constructor))
            || !(field.FieldType.IsValueType || field.FieldType == typeof(string));
        return isState
            ? $"its {SourceNames.Name(field)} ({SourceNames.Name(field.FieldType)}) would be lost: System.Text.Json cannot set it. " +
                "Give it a public setter or init accessor, or a constructor parameter of its name; or mark it with [JsonInclude], " +
                "or with [JsonIgnore] if it need not travel."
            : null;
    }

    private static bool IsCopyConstructor(ConstructorInfo constructor) =>
        constructor.GetParameters() is [var only] && only.ParameterType == constructor.DeclaringType;

    // The property of System.Text.Json that writes the field, and sets it if it sets anything.
    private static JsonPropertyInfo? PropertyFor(FieldInfo field, JsonTypeInfo info)
    {
        var member = DataFields.MemberOf(field);
        foreach (var property in info.Properties)
        {
            if (property.AttributeProvider is MemberInfo own)
            {
                if (member is not null && own.HasSameMetadataDefinitionAs(member)) return property;
                if (own is PropertyInfo accessors && IsKeptIn(accessors, field)) return property;
            }
            else if (member is not null && property.Name == (info.Options.PropertyNamingPolicy?.ConvertName(member.Name) ?? member.Name))
            {
                return property;   // a generated context may not tell the member
            }
        }

        return null;
    }

    /// <summary>Whether the accessors of a property do nothing but get and set the field.</summary>
    private static bool IsKeptIn(PropertyInfo property, FieldInfo field) =>
        !field.IsPublic && property.DeclaringType == field.DeclaringType && property.PropertyType == field.FieldType
        && IsTrivial(property.GetMethod, field, Loads) && (property.SetMethod is null || IsTrivial(property.SetMethod, field, Stores));

    private static bool IsTrivial(MethodInfo? accessor, FieldInfo field, byte[] begin)
    {
        if (accessor?.GetMethodBody()?.GetILAsByteArray() is not { } il) return false;
        const byte Nop = 0x00, Return = 0x2A;
        var code = il.AsSpan().TrimStart(Nop);
        if (!code.StartsWith(begin)) return false;
        code = code[begin.Length..];
        if (code.Length < sizeof(int)) return false;
        var token = BitConverter.ToInt32(code);
        // Without optimization, the value goes through a local variable: stloc.0, br.s 0, ldloc.0.
        var rest = code[sizeof(int)..].TrimStart(Nop);
        if (rest.StartsWith((ReadOnlySpan<byte>)[0x0A, 0x2B, 0x00, 0x06])) rest = rest[4..];
        if (!rest.SequenceEqual((ReadOnlySpan<byte>)[Return])) return false;
        var type = field.DeclaringType!;
        var named = accessor.Module.ResolveField(token, type.IsGenericType ? type.GetGenericArguments() : null, null);
        return named is not null && named.HasSameMetadataDefinitionAs(field);
    }
}
