using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace TinyWorker.Tests.Api;

/// <summary>What an assembly shows to its users, a line for each type and each member, in words close to C#'s.</summary>
internal static class ApiText
{
    private const BindingFlags Own =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    // The others say nothing to a user, or stand in the line in other words.
    private static readonly HashSet<string> Telling =
    [
        "Obsolete", "Experimental", "Flags", "EditorBrowsable", "OverloadResolutionPriority", "RequiresUnreferencedCode", "RequiresDynamicCode",
        "RequiresAssemblyFiles", "SupportedOSPlatform", "UnsupportedOSPlatform", "AsyncMethodBuilder", "CollectionBuilder", "CallerMemberName",
        "CallerArgumentExpression", "SetsRequiredMembers", "DoesNotReturn", "DoesNotReturnIf", "NotNull", "NotNullWhen", "NotNullIfNotNull", "MaybeNull",
        "MaybeNullWhen", "AllowNull", "DisallowNull", "MemberNotNull", "MemberNotNullWhen", "DynamicallyAccessedMembers",
    ];

    public static string[] Of(IEnumerable<Type> types) =>
        [.. types.OrderBy(type => type.FullName, StringComparer.Ordinal).SelectMany(type => Members(type).Select(line => "    " + line).Prepend(Head(type)))];

    private static string Head(Type type)
    {
        var parameters = type.GetGenericArguments();
        var name = ApiType.WithoutArguments(type) + TypeParameters(parameters);
        if (IsDelegate(type)) return Marks(type.GetCustomAttributesData()) + "public delegate " + Signature(type.GetMethod("Invoke")!, name) + Constraints(parameters);
        var bases = type.GetInterfaces().Where(each => each.IsVisible).Except(type.BaseType?.GetInterfaces() ?? [])
            .Select(ApiType.Name).Order(StringComparer.Ordinal).ToList();
        if (type.IsEnum) bases = [ApiType.Name(Enum.GetUnderlyingType(type))];
        else if (type.IsClass && type.BaseType != typeof(object)) bases.Insert(0, ApiType.Name(type.BaseType!));
        return $"{Marks(type.GetCustomAttributesData())}public {Kind(type)} {name}{(bases.Count > 0 ? " : " : "")}{string.Join(", ", bases)}{Constraints(parameters)}";
    }

    private static string Kind(Type type)
    {
        var record = type.GetMethod("PrintMembers", Own) is { } print && IsCompilers(print) ? "record " : "";
        if (type.IsEnum) return "enum";
        if (type.IsInterface) return "interface";
        if (type.IsValueType) return (type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "") + (type.IsByRefLike ? "ref " : "") + record + "struct";
        return (type.IsAbstract, type.IsSealed) switch
        {
            (true, true) => "static ",
            (true, false) => "abstract ",
            (false, true) => "sealed ",
            (false, false) => "",
        } + record + "class";
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (IsDelegate(type)) return [];
        if (type.IsEnum) return type.GetFields(BindingFlags.Public | BindingFlags.Static).OrderBy(each => each.GetRawConstantValue()).Select(each => $"{each.Name} = {each.GetRawConstantValue()}");
        return
        [
            .. Sorted(type.GetConstructors(Own).Where(IsShown), each => Access(each) + Signature(each)),
            .. Sorted(type.GetFields(Own).Where(each => each.IsPublic || each.IsFamily || each.IsFamilyOrAssembly), Field),
            .. Sorted(type.GetProperties(Own).Where(each => each.GetAccessors(nonPublic: true).Any(IsShown)), Property),
            .. Sorted(type.GetEvents(Own).Where(each => IsShown(each.AddMethod!)), Event),
            .. Sorted(type.GetMethods(Own).Where(each => IsShown(each) && !IsCompilers(each) && !IsAccessor(each)), Method),
        ];
    }

    private static IEnumerable<string> Sorted<T>(IEnumerable<T> members, Func<T, string> line)
        where T : MemberInfo => members.Select(each => (each.Name, Line: Marks(each.GetCustomAttributesData()) + line(each)))
            .OrderBy(each => each.Name, StringComparer.Ordinal).ThenBy(each => each.Line, StringComparer.Ordinal).Select(each => each.Line);

    private static string Field(FieldInfo field)
    {
        var modifiers = (field.IsLiteral, field.IsStatic, field.IsInitOnly) switch
        {
            (true, _, _) => "const ",
            (_, var isStatic, var isReadOnly) => (isStatic ? "static " : "") + (isReadOnly ? "readonly " : ""),
        };
        var value = field.IsLiteral ? $" = {Literal(field.GetRawConstantValue(), field.FieldType)}" : "";
        return $"{(field.IsPublic ? "" : "protected ")}{modifiers}{ApiType.Name(field.FieldType, field.GetCustomAttributesData(), field)} {field.Name}{value}";
    }

    private static string Property(PropertyInfo property)
    {
        var accessors = property.GetAccessors(nonPublic: true).Where(IsShown).ToArray();
        var widest = accessors.FirstOrDefault(each => each.IsPublic) ?? accessors[0];
        var indexes = property.GetIndexParameters();
        var name = indexes is [] ? property.Name : $"this[{string.Join(", ", indexes.Select(each => Parameter(each, property)))}]";
        var words = accessors.Select(each => (each.IsPublic == widest.IsPublic ? "" : "protected ") + (each == property.GetMethod ? "get" : IsInit(each) ? "init" : "set") + "; ");
        var required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        return Access(widest) + Modifiers(widest) + required + $"{ApiType.Name(property.PropertyType, property.GetCustomAttributesData(), property)} {name} {{ {string.Concat(words)}}}";
    }

    private static string Event(EventInfo member) =>
        Access(member.AddMethod!) + Modifiers(member.AddMethod!) + $"event {ApiType.Name(member.EventHandlerType!, member.GetCustomAttributesData(), member)} {member.Name}";

    private static string Method(MethodInfo method) =>
        Access(method) + Modifiers(method) + Signature(method, method.Name + TypeParameters(method.GetGenericArguments())) + Constraints(method.GetGenericArguments());

    private static string Signature(ConstructorInfo constructor) => constructor.DeclaringType!.Name.Split('`')[0] + Parameters(constructor);

    private static string Signature(MethodInfo method, string name) =>
        Marks(method.ReturnParameter.GetCustomAttributesData(), "return: ") + (method.ReturnType.IsByRef ? "ref " : "")
        + ApiType.Name(method.ReturnType, method.ReturnParameter.GetCustomAttributesData(), method) + $" {name}{Parameters(method)}";

    private static string Parameters(MethodBase method) =>
        $"({(method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "")}{string.Join(", ", method.GetParameters().Select(each => Parameter(each, method)))})";

    private static string Parameter(ParameterInfo parameter, MemberInfo within)
    {
        var attributes = parameter.GetCustomAttributesData();
        var modifier = parameter.ParameterType.IsByRef ? (parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref ") : "";
        if (attributes.Any(each => each.AttributeType.Name is nameof(ParamArrayAttribute) or nameof(ParamCollectionAttribute))) modifier = "params ";
        var value = parameter.HasDefaultValue ? " = " + Literal(parameter.DefaultValue, parameter.ParameterType) : "";
        return $"{Marks(attributes)}{modifier}{ApiType.Name(parameter.ParameterType, attributes, within)} {parameter.Name}{value}";
    }

    private static string Literal(object? value, Type type) => value switch
    {
        null => type.IsValueType && Nullable.GetUnderlyingType(type) is null ? "default" : "null",
        string text => $"\"{text}\"",
        bool truth => truth ? "true" : "false",
        Enum => $"{ApiType.Name(value.GetType())}.{value}",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string TypeParameters(Type[] parameters) => parameters is []
        ? ""
        : $"<{string.Join(", ", parameters.Select(each => (each.GenericParameterAttributes & GenericParameterAttributes.VarianceMask) switch
        {
            GenericParameterAttributes.Covariant => "out ",
            GenericParameterAttributes.Contravariant => "in ",
            _ => "",
        } + each.Name))}>";

    private static string Constraints(Type[] parameters) => string.Concat(parameters.Select(Constraint));

    private static string Constraint(Type parameter)
    {
        var flags = parameter.GenericParameterAttributes;
        List<string> words = [];
        if (flags.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint)) words.Add("struct");
        else if (flags.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint)) words.Add(ApiType.IsNotNull(parameter) ? "class" : "class?");
        else if (ApiType.IsNotNull(parameter)) words.Add("notnull");
        words.AddRange(parameter.GetGenericParameterConstraints().Where(each => each != typeof(ValueType)).Select(ApiType.Name));
        if (flags.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint) && words is not ["struct", ..]) words.Add("new()");
        if (flags.HasFlag(GenericParameterAttributes.AllowByRefLike)) words.Add("allows ref struct");
        return words is [] ? "" : $" where {parameter.Name} : {string.Join(", ", words)}";
    }

    // Without the messages, which break nobody, and the Obsolete by which the compiler keeps older ones from what they do not know.
    private static string Marks(IList<CustomAttributeData> attributes, string target = "") => string.Concat(attributes
        .Select(each => (Name: each.AttributeType.Name[..^"Attribute".Length], Values: each.ConstructorArguments.Where(value => value.ArgumentType != typeof(string))))
        .Where(each => Telling.Contains(each.Name))
        .Where(each => each.Name != "Obsolete" || attributes.All(other => other.AttributeType != typeof(CompilerFeatureRequiredAttribute)))
        .Select(each => $"[{target}{each.Name}{(each.Values.Any() ? $"({string.Join(", ", each.Values.Select(value => Literal(value.Value, value.ArgumentType)))})" : "")}] ")
        .Order(StringComparer.Ordinal));

    private static string Access(MethodBase method) => method.IsPublic ? "" : "protected ";

    private static string Modifiers(MethodInfo method)
    {
        if (method.IsStatic) return method.IsAbstract ? "static abstract " : "static ";
        if (!method.IsVirtual || (method.IsAbstract && method.DeclaringType!.IsInterface)) return "";
        var isOverride = method.GetBaseDefinition() != method;
        if (method.IsAbstract) return isOverride ? "abstract override " : "abstract ";
        return isOverride ? (method.IsFinal ? "sealed override " : "override ") : method.IsFinal ? "" : "virtual ";
    }

    private static bool IsShown(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsCompilers(MethodInfo method) => method.IsDefined(typeof(CompilerGeneratedAttribute));

    private static bool IsAccessor(MethodInfo method) => method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal);

    private static bool IsInit(MethodInfo setter) => setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));

    private static bool IsDelegate(Type type) => type.BaseType == typeof(MulticastDelegate);
}
