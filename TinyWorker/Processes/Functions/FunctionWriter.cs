using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using TinyWorker.Processes.Data;

namespace TinyWorker.Processes.Functions;

/// <summary>
/// Writes a function: the assemblies that it needs, then the function, then its target and everything that the target refers to, in the
/// order in which they are met. Objects are numbered in this order: so what lambdas share stays shared, and closures may refer to each
/// other in circles.
/// </summary>
[RequiresUnreferencedCode(TravellingFunction.Reflects)]
[RequiresDynamicCode(TravellingFunction.Reflects)]
internal sealed class FunctionWriter : IDisposable
{
    /// <summary>The first byte. Anything else is not a function.</summary>
    public const byte Format = 0xF1;

    private readonly MemoryStream _bytes = new();
    private readonly BinaryWriter _writer;
    private readonly UsedVariables _used;
    private readonly Dictionary<Assembly, (int Number, DescribedAssembly Description)> _assemblies = [];
    private readonly Dictionary<Type, int> _types = [];
    private readonly Dictionary<object, int> _objects = new(ReferenceEqualityComparer.Instance);
    private string _path = "it ";   // how the function that is being written was reached, for messages

    private FunctionWriter(UsedVariables used)
    {
        _used = used;
        _writer = new(_bytes);
    }

    /// <exception cref="CannotTravelException">The function, or something that it captures, cannot be sent.</exception>
    public static byte[] Write(Delegate function, string name)
    {
        using var body = new FunctionWriter(UsedVariables.Of(function));
        body.WriteFunction(function);

        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(Format);
        writer.Write(name);
        writer.Write7BitEncodedInt(body._assemblies.Count);
        foreach (var (_, assembly) in body._assemblies.Values.OrderBy(assembly => assembly.Number))
        {
            writer.Write(assembly.FullName);
            writer.Write(assembly.Build.ToByteArray());
            writer.Write(assembly.Location);
        }

        body._bytes.WriteTo(bytes);
        return bytes.ToArray();
    }

    public void Dispose()
    {
        _writer.Dispose();
        _bytes.Dispose();
    }

    private void WriteFunction(Delegate function)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        RefuseOddities(function);
        var method = function.Method;
        _writer.Write((byte)ValueKind.Function);
        WriteType(function.GetType());
        WriteType(method.DeclaringType!);
        _writer.Write(method.MetadataToken);
        _writer.Write(method.Name);
        var arguments = method.IsGenericMethod ? method.GetGenericArguments() : [];
        _writer.Write7BitEncodedInt(arguments.Length);
        foreach (var argument in arguments) WriteType(argument);

        var target = function.Target;
        if (method.IsStatic && method.GetParameters() is [var first, ..])
            WriteValue(target, $"has its first argument '{first.Name}' bound to a value", Advice);
        else if (Closure.IsMadeByCompiler(method))
            WriteValue(target, "captures 'this'", AdviceForThis);
        else
            WriteValue(target, "is a method of an object", AdviceForThis);
    }

    private void RefuseOddities(Delegate function)
    {
        if (!function.HasSingleTarget)
            throw Refused("is a delegate of several methods. Pass one function that calls them.");
        if (function.Method.DeclaringType is not { } type || type.Assembly.IsDynamic
            || function.Target?.GetType() is { Namespace: "System.Linq.Expressions.Interpreter", Name: "LightLambda" })
        {
            throw Refused("was compiled while the program runs (from an expression, or as a DynamicMethod). " +
                "Pass a lambda or method of the program instead.");
        }

        if (type == function.GetType() && function.Target is not Delegate)
            throw Refused("is a pointer to native code. Pass a method that is declared with [DllImport] or [LibraryImport].");
    }

    private void WriteValue(object? value, string relation, string advice)
    {
        if (value is null)
        {
            _writer.Write((byte)ValueKind.Null);
        }
        else if (value is Delegate function)
        {
            // Not numbered: a lambda that captures itself is met again before it is complete. Its closure, which is numbered, ends the
            // circle.
            var outer = _path;
            _path += $"{relation}, the function ({SourceNames.Name(function.Method)}), which ";
            WriteFunction(function);
            _path = outer;
        }
        else if (_objects.TryGetValue(value, out var number))
        {
            _writer.Write((byte)ValueKind.Again);
            _writer.Write7BitEncodedInt(number);
        }
        else if (Closure.Is(value.GetType()))
        {
            WriteClosure(value);
        }
        else
        {
            WriteLeaf(value, relation, advice);
        }
    }

    private void WriteClosure(object closure)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        _objects.Add(closure, _objects.Count);
        _writer.Write((byte)ValueKind.Closure);
        WriteType(closure.GetType());
        var variables = Closure.Variables(closure.GetType()).Where(_used.Contains).ToArray();
        _writer.Write7BitEncodedInt(variables.Length);
        foreach (var variable in variables)
        {
            var name = SourceNames.Name(variable);
            _writer.Write(variable.Name);
            WriteValue(variable.GetValue(closure), $"captures '{name}'", name == "this" ? AdviceForThis : Advice);
        }
    }

    private void WriteLeaf(object value, string relation, string advice)
    {
        _objects.Add(value, _objects.Count);
        if (value is Type named)
        {
            _writer.Write((byte)ValueKind.Type);
            WriteType(named);
        }
        else if (BitwiseValue.Is(value.GetType()))
        {
            _writer.Write((byte)ValueKind.Bitwise);
            WriteType(value.GetType());
            BitwiseValue.Write(_writer, value);
        }
        else
        {
            var type = CapturedData.TypeToTravelAs(value);
            if (CapturedData.Write(value, type, out var reason) is not { } json)
                throw Refused($"{relation}, of type {SourceNames.Name(value.GetType())}: {reason} {advice}");

            _writer.Write((byte)ValueKind.Json);
            WriteType(type);
            _writer.Write7BitEncodedInt(json.Length);
            _writer.Write(json);
        }
    }

    // By its number if it was written before. Else by its place in its assembly: the other process has the same build. To find it by its
    // name would compile code in each start.
    private void WriteType(Type type)
    {
        if (_types.TryGetValue(type, out var number))
        {
            _writer.Write((byte)TypeKind.Again);
            _writer.Write7BitEncodedInt(number);
            return;
        }

        if (type.AssemblyQualifiedName is null) throw Refused($"needs the type {type}, which has no name.");
        if (type.HasElementType)
        {
            WriteElementKind(type);
            WriteType(type.GetElementType()!);
        }
        else if (type is { IsGenericType: true, IsGenericTypeDefinition: false })
        {
            _writer.Write((byte)TypeKind.Constructed);
            WriteType(type.GetGenericTypeDefinition());
            foreach (var argument in type.GetGenericArguments()) WriteType(argument);
        }
        else
        {
            _writer.Write((byte)TypeKind.Definition);
            _writer.Write7BitEncodedInt(NumberOf(type.Assembly));
            _writer.Write(type.MetadataToken);
            _writer.Write(type.Name);
        }

        _types.Add(type, _types.Count);
    }

    private void WriteElementKind(Type type)
    {
        if (type.IsSZArray)
        {
            _writer.Write((byte)TypeKind.Vector);
        }
        else if (type.IsArray)
        {
            _writer.Write((byte)TypeKind.Array);
            _writer.Write7BitEncodedInt(type.GetArrayRank());
        }
        else
        {
            _writer.Write((byte)(type.IsPointer ? TypeKind.Pointer : TypeKind.Reference));
        }
    }

    private int NumberOf(Assembly assembly)
    {
        if (_assemblies.TryGetValue(assembly, out var known)) return known.Number;
        _assemblies.Add(assembly, (_assemblies.Count, DescribedAssembly.Of(assembly)));
        return _assemblies.Count - 1;
    }

    private CannotTravelException Refused(string what) => new(_path + what);

    private const string Advice = "What cannot travel can be made in the worker, by a worker factory.";
    private const string AdviceForThis = "Copy what the function needs of the object into local variables, or make the function static.";
}

/// <summary>What follows in the description of a function.</summary>
internal enum ValueKind : byte
{
    Null,

    /// <summary>An object that was written before, by its number.</summary>
    Again,

    Function,

    /// <summary>The variables that lambdas share, which the compiler keeps in an object.</summary>
    Closure,

    Type,

    Bitwise,

    Json,
}

/// <summary>How a type is described.</summary>
internal enum TypeKind : byte
{
    /// <summary>A type that was written before, by its number.</summary>
    Again,

    /// <summary>A type that stands in an assembly: the number of the assembly, and its token and name there.</summary>
    Definition,

    /// <summary>A generic type with its arguments.</summary>
    Constructed,

    /// <summary>An array of one dimension that begins at zero.</summary>
    Vector,

    /// <summary>Another array, with its rank.</summary>
    Array,

    Pointer,

    Reference,
}
