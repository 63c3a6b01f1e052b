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
    private readonly Dictionary<Assembly, DescribedAssembly> _assemblies = [];
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
        foreach (var assembly in body._assemblies.Values)
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

    // By its name the first time, then by its number.
    private void WriteType(Type type)
    {
        if (_types.TryGetValue(type, out var number))
        {
            _writer.Write7BitEncodedInt(number);
            return;
        }

        AddAssembliesOf(type);
        _writer.Write7BitEncodedInt(_types.Count);
        _types.Add(type, _types.Count);
        _writer.Write(type.AssemblyQualifiedName ?? throw Refused($"needs the type {type}, which has no name."));
    }

    private void AddAssembliesOf(Type type)
    {
        if (type.HasElementType)
        {
            AddAssembliesOf(type.GetElementType()!);
            return;
        }

        if (!_assemblies.ContainsKey(type.Assembly)) _assemblies.Add(type.Assembly, DescribedAssembly.Of(type.Assembly));
        foreach (var argument in type.GetGenericArguments()) AddAssembliesOf(argument);
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
